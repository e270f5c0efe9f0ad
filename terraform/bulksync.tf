# BulkSync: starts, stops and watches the imports, over HTTP.
module "bulksync" {
  source = "./modules/function"

  deployment  = local.deployment
  name        = "BulkSync"
  description = "Starts, stops and watches imports from commercetools into Klaviyo"
  packages    = local.bulk_packages
  environment = local.bulk_environment

  size    = { timeout = 60, memory = "256Mi", max_instances = 2, concurrency = 20 }
  scaling = lookup(var.scaling, "bulksync", null)

  # People and machines outside Google Cloud start imports. They need the token of one of these.
  public = true
  invokers = merge(
    { for member in var.bulksync_invokers : member => member },
    { for account in google_service_account.scheduler : "scheduler" => account.member },
  )
}
