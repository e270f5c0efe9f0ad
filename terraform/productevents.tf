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

  size    = local.realtime_size
  scaling = lookup(var.scaling, "productevents", null)
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

  settings = local.trigger_settings
}
