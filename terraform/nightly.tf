# Optional: imports every night what changed lately. It mends what never came as a message, such as changes of the time when a
# commercetools subscription was switched off.

locals {
  # Klaviyo refuses a product whose category it lacks, so that products start half an hour after categories, and orders after
  # customers.
  nightly_later = replace(var.nightly_imports.schedule, "/^[0-9]+/", tonumber(regex("^[0-9]+", var.nightly_imports.schedule)) + 30)
}

resource "google_service_account" "scheduler" {
  count = length(var.nightly_imports.resources) > 0 ? 1 : 0

  project      = local.project
  account_id   = "${var.prefix}-scheduler"
  display_name = "Cloud Scheduler's calls of BulkSync (${var.prefix})"
}

resource "google_cloud_scheduler_job" "nightly" {
  for_each = var.nightly_imports.resources

  project     = local.project
  region      = var.region
  name        = "${var.prefix}-import-${each.key}"
  description = "Imports the ${each.key} that changed in the last ${var.nightly_imports.since}"
  schedule    = contains(["products", "orders"], each.key) ? local.nightly_later : var.nightly_imports.schedule
  time_zone   = var.nightly_imports.time_zone

  attempt_deadline = "60s"

  # 503 may pass. 409, an import in progress, ends within a few attempts as well.
  retry_config {
    retry_count          = 3
    min_backoff_duration = "60s"
  }

  http_target {
    http_method = "POST"
    uri         = "${module.bulksync.uri}/sync/${each.key}"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode(jsonencode({ since = var.nightly_imports.since }))

    oidc_token {
      service_account_email = google_service_account.scheduler[0].email
      audience              = module.bulksync.uri
    }
  }
}
