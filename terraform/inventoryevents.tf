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

  size    = local.realtime_size
  scaling = lookup(var.scaling, "inventoryevents", null)
}

module "inventoryevents_trigger" {
  source = "./modules/trigger"
  count  = contains(var.leave_out, "inventoryevents") ? 0 : 1

  deployment = local.deployment
  function   = module.inventoryevents[0]
  resource   = "inventory-entry"
  # Orders change the stock without a message.
  changes = true

  settings = local.trigger_settings
}
