# OrderEvents: orders become Placed Order, Ordered Product, Fulfilled Order and Cancelled Order.
module "orderevents" {
  source = "./modules/function"
  count  = contains(var.leave_out, "orderevents") ? 0 : 1

  deployment  = local.deployment
  name        = "OrderEvents"
  description = "Records commercetools' orders in Klaviyo"
  packages    = local.realtime_packages
  environment = merge(local.realtime_environment, local.shop_environment)
  secrets     = local.api_secrets

  timeout       = local.realtime_size.timeout
  memory        = local.realtime_size.memory
  max_instances = local.realtime_size.max_instances
  concurrency   = local.realtime_size.concurrency
  scaling       = lookup(var.scaling, "orderevents", null)
}

module "orderevents_trigger" {
  source = "./modules/trigger"
  count  = contains(var.leave_out, "orderevents") ? 0 : 1

  deployment = local.deployment
  function   = module.orderevents[0]
  resource   = "order"
  messages   = setunion(local.messages.order_created, local.messages.order_changed)

  subscribe    = var.create_subscriptions
  pubsub_agent = google_project_service_identity.pubsub.member

  notification_channels  = local.notification_channels
  oldest_message_minutes = var.oldest_message_minutes
}
