# BulkWorker: does one task of an import. Only Cloud Tasks calls it.
module "bulkworker" {
  source = "./modules/function"

  deployment  = local.deployment
  name        = "BulkWorker"
  description = "Does one task of an import from commercetools into Klaviyo"
  packages    = local.bulk_packages
  environment = merge(local.bulk_environment, local.api_environment, local.file_environment, local.shop_environment)
  secrets     = local.api_secrets

  # The code ends a task after 9 minutes, Cloud Tasks waits for 10. A task holds a batch of at most 5 MB, and the pages it was
  # made of.
  size    = { timeout = 600, memory = "512Mi", max_instances = 5, concurrency = 2 }
  scaling = lookup(var.scaling, "bulkworker", null)

  invokers = { tasks = google_service_account.tasks.member }
}
