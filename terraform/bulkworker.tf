# BulkWorker: does one task of an import. Only Cloud Tasks calls it.

locals {
  # One instance: each keeps within Klaviyo's limits by itself, so that several together would meet a 429 again and again. And
  # one does many times what Klaviyo allows.
  bulkworker_instances   = coalesce(try(var.scaling["bulkworker"].max_instances, null), 1)
  bulkworker_concurrency = coalesce(try(var.scaling["bulkworker"].concurrency, null), 4)
}

module "bulkworker" {
  source = "./modules/function"

  deployment  = local.deployment
  name        = "BulkWorker"
  description = "Does one task of an import from commercetools into Klaviyo"
  packages    = concat(local.bulk_packages, ["shared/delivery", "shared/instep"])
  environment = merge(local.bulk_environment, local.api_environment, local.file_environment, local.shop_environment)
  secrets     = local.api_secrets

  # The code ends a task after 9 minutes, Cloud Tasks waits for 10. A task holds a batch of at most 5 MB, and answers of at most
  # 16 MiB that it is made of: measured, four of the largest pages at once took 280 MB.
  size = {
    timeout       = 600
    memory        = "512Mi"
    max_instances = local.bulkworker_instances
    concurrency   = local.bulkworker_concurrency
  }
  scaling = lookup(var.scaling, "bulkworker", null)

  invokers = { tasks = google_service_account.tasks.member }
}
