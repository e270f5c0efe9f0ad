# CustomerEvents: customers become Klaviyo profiles.
module "customerevents" {
  source = "./modules/function"
  count  = contains(var.leave_out, "customerevents") ? 0 : 1

  deployment  = local.deployment
  name        = "CustomerEvents"
  description = "Brings Klaviyo's profiles to commercetools' customers"
  packages    = concat(local.realtime_packages, ["shared/instep"])
  environment = local.realtime_environment
  secrets     = local.api_secrets

  timeout       = local.realtime_size.timeout
  memory        = local.realtime_size.memory
  max_instances = local.realtime_size.max_instances
  concurrency   = local.realtime_size.concurrency
  scaling       = lookup(var.scaling, "customerevents", null)
}

module "customerevents_trigger" {
  source = "./modules/trigger"
  count  = contains(var.leave_out, "customerevents") ? 0 : 1

  deployment = local.deployment
  function   = module.customerevents[0]
  resource   = "customer"
  messages   = setunion(["CustomerCreated", "CustomerCompanyNameSet"], local.messages.address_changed)
  changes    = true

  subscribe    = var.create_subscriptions
  pubsub_agent = google_project_service_identity.pubsub.member

  notification_channels  = local.notification_channels
  oldest_message_minutes = var.oldest_message_minutes
}
