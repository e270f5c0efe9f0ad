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

  size    = local.realtime_size
  scaling = lookup(var.scaling, "paymentevents", null)
}

module "paymentevents_trigger" {
  source = "./modules/trigger"
  count  = contains(var.leave_out, "paymentevents") ? 0 : 1

  deployment = local.deployment
  function   = module.paymentevents[0]
  resource   = "payment"
  messages   = setunion(local.messages.transaction_added, local.messages.transaction_changed)

  settings = local.trigger_settings
}
