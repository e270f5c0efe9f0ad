# What the six realtime functions have in common.

locals {
  # The code gives up after 50 seconds, before the function's own timeout, and the ack deadline is longer than both. One
  # instance's share of Klaviyo's limit is the whole limit: more instances mean more answers of 429, not more speed.
  realtime_size = {
    timeout       = 60
    memory        = "256Mi"
    max_instances = 3
    concurrency   = 20
  }

  # The longest that Pub/Sub keeps a message: 31 days.
  retention = "2678400s"

  trigger_settings = {
    subscribe              = var.create_subscriptions
    pubsub_agent           = google_project_service_identity.pubsub.member
    retention              = local.retention
    notification_channels  = local.notification_channels
    oldest_message_minutes = var.oldest_message_minutes
  }

  # The functions that are deployed, and their triggers.
  realtime = { for name, module in {
    customerevents  = module.customerevents
    orderevents     = module.orderevents
    paymentevents   = module.paymentevents
    categoryevents  = module.categoryevents
    productevents   = module.productevents
    inventoryevents = module.inventoryevents
  } : name => module[0] if length(module) > 0 }

  triggers = { for name, module in {
    customerevents  = module.customerevents_trigger
    orderevents     = module.orderevents_trigger
    paymentevents   = module.paymentevents_trigger
    categoryevents  = module.categoryevents_trigger
    productevents   = module.productevents_trigger
    inventoryevents = module.inventoryevents_trigger
  } : name => module[0] if length(module) > 0 }

  # The message types to subscribe to, from the last layer of the config file that names them. ResourceDeleted is none: the
  # Node plugin has it among a product's to switch deletions on, which come in any case.
  messages = {
    address_changed     = reverse([for c in local.config_layers : c.customer.messages.addressChanged if can(c.customer.messages.addressChanged)])[0]
    order_created       = reverse([for c in local.config_layers : c.order.messages.created if can(c.order.messages.created)])[0]
    order_changed       = reverse([for c in local.config_layers : c.order.messages.changed if can(c.order.messages.changed)])[0]
    transaction_added   = reverse([for c in local.config_layers : c.payment.messages.transactionAdded if can(c.payment.messages.transactionAdded)])[0]
    transaction_changed = reverse([for c in local.config_layers : c.payment.messages.transactionChanged if can(c.payment.messages.transactionChanged)])[0]
    category_created    = reverse([for c in local.config_layers : c.category.messages.created if can(c.category.messages.created)])[0]
    product_published   = reverse([for c in local.config_layers : c.product.messages.published if can(c.product.messages.published)])[0]
    product_unpublished = setsubtract(reverse([for c in local.config_layers : c.product.messages.deleted if can(c.product.messages.deleted)])[0], ["ResourceDeleted"])
  }
}
