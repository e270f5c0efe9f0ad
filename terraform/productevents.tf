# ProductEvents: products become catalog items and variants.
module "productevents" {
  source = "./modules/function"
  count  = contains(var.leave_out, "productevents") ? 0 : 1

  deployment  = local.deployment
  name        = "ProductEvents"
  description = "Brings Klaviyo's catalog items to commercetools' products"
  packages    = concat(local.realtime_packages, ["shared/instep"])
  environment = merge(local.realtime_environment, local.shop_environment)
  secrets     = local.api_secrets

  timeout       = local.realtime_size.timeout
  memory        = local.realtime_size.memory
  max_instances = local.realtime_size.max_instances
  concurrency   = local.realtime_size.concurrency
  scaling       = lookup(var.scaling, "productevents", null)
}

module "productevents_trigger" {
  source = "./modules/trigger"
  count  = contains(var.leave_out, "productevents") ? 0 : 1

  deployment = local.deployment
  function   = module.productevents[0]
  resource   = "product"
  messages   = setunion(local.messages.product_published, local.messages.product_unpublished)
  # A deletion comes as a notification only.
  changes = true

  subscribe    = var.create_subscriptions
  pubsub_agent = google_project_service_identity.pubsub.member

  notification_channels  = local.notification_channels
  oldest_message_minutes = var.oldest_message_minutes
}
