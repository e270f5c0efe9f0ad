# InventoryEvents: stock becomes the quantity of catalog variants.
module "inventoryevents" {
  source = "./modules/function"
  count  = contains(var.leave_out, "inventoryevents") ? 0 : 1

  deployment  = local.deployment
  name        = "InventoryEvents"
  description = "Brings the stock of Klaviyo's catalog variants to commercetools' inventory"
  packages    = concat(local.realtime_packages, ["shared/instep"])
  environment = local.realtime_environment
  secrets     = local.api_secrets

  timeout       = local.realtime_size.timeout
  memory        = local.realtime_size.memory
  max_instances = local.realtime_size.max_instances
  concurrency   = local.realtime_size.concurrency
  scaling       = lookup(var.scaling, "inventoryevents", null)
}

module "inventoryevents_trigger" {
  source = "./modules/trigger"
  count  = contains(var.leave_out, "inventoryevents") ? 0 : 1

  deployment = local.deployment
  function   = module.inventoryevents[0]
  resource   = "inventory-entry"
  # Orders change the stock without a message.
  changes = true

  subscribe    = var.create_subscriptions
  pubsub_agent = google_project_service_identity.pubsub.member

  notification_channels  = local.notification_channels
  oldest_message_minutes = var.oldest_message_minutes
}
