# CategoryEvents: categories become catalog categories.
module "categoryevents" {
  source = "./modules/function"
  count  = contains(var.leave_out, "categoryevents") ? 0 : 1

  deployment  = local.deployment
  name        = "CategoryEvents"
  description = "Brings Klaviyo's catalog categories to commercetools' categories"
  packages    = concat(local.realtime_packages, ["shared/instep"])
  environment = merge(local.realtime_environment, local.shop_environment)
  secrets     = local.api_secrets

  timeout       = local.realtime_size.timeout
  memory        = local.realtime_size.memory
  max_instances = local.realtime_size.max_instances
  concurrency   = local.realtime_size.concurrency
  scaling       = lookup(var.scaling, "categoryevents", null)
}

module "categoryevents_trigger" {
  source = "./modules/trigger"
  count  = contains(var.leave_out, "categoryevents") ? 0 : 1

  deployment = local.deployment
  function   = module.categoryevents[0]
  resource   = "category"
  messages   = local.messages.category_created
  changes    = true

  subscribe    = var.create_subscriptions
  pubsub_agent = google_project_service_identity.pubsub.member

  notification_channels  = local.notification_channels
  oldest_message_minutes = var.oldest_message_minutes
}
