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

  size    = local.realtime_size
  scaling = lookup(var.scaling, "customerevents", null)
}

module "customerevents_trigger" {
  source = "./modules/trigger"
  count  = contains(var.leave_out, "customerevents") ? 0 : 1

  deployment = local.deployment
  function   = module.customerevents[0]
  resource   = "customer"
  messages   = setunion(["CustomerCreated", "CustomerCompanyNameSet"], local.messages.address_changed)
  changes    = true

  settings = local.trigger_settings
}
