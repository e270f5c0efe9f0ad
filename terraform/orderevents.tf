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

  size    = local.realtime_size
  scaling = lookup(var.scaling, "orderevents", null)
}

module "orderevents_trigger" {
  source = "./modules/trigger"
  count  = contains(var.leave_out, "orderevents") ? 0 : 1

  deployment = local.deployment
  function   = module.orderevents[0]
  resource   = "order"
  messages   = setunion(local.messages.order_created, local.messages.order_changed)

  settings = local.trigger_settings
}
