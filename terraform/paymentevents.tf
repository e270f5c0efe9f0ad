# PaymentEvents: refunds become Refunded Order.
module "paymentevents" {
  source = "./modules/function"
  count  = contains(var.leave_out, "paymentevents") ? 0 : 1

  deployment  = local.deployment
  name        = "PaymentEvents"
  description = "Records commercetools' refunds in Klaviyo"
  packages    = local.realtime_packages
  environment = merge(local.realtime_environment, local.shop_environment)
  secrets     = local.api_secrets

  timeout       = local.realtime_size.timeout
  memory        = local.realtime_size.memory
  max_instances = local.realtime_size.max_instances
  concurrency   = local.realtime_size.concurrency
  scaling       = lookup(var.scaling, "paymentevents", null)
}

module "paymentevents_trigger" {
  source = "./modules/trigger"
  count  = contains(var.leave_out, "paymentevents") ? 0 : 1

  deployment = local.deployment
  function   = module.paymentevents[0]
  resource   = "payment"
  messages   = setunion(local.messages.transaction_added, local.messages.transaction_changed)

  subscribe    = var.create_subscriptions
  pubsub_agent = google_project_service_identity.pubsub.member

  notification_channels  = local.notification_channels
  oldest_message_minutes = var.oldest_message_minutes
}
