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

  size    = local.realtime_size
  scaling = lookup(var.scaling, "categoryevents", null)
}

module "categoryevents_trigger" {
  source = "./modules/trigger"
  count  = contains(var.leave_out, "categoryevents") ? 0 : 1

  deployment = local.deployment
  function   = module.categoryevents[0]
  resource   = "category"
  messages   = local.messages.category_created
  changes    = true

  settings = local.trigger_settings
}
