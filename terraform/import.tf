# What the imports stand on: Firestore keeps where they are, Cloud Tasks brings the work to BulkWorker.

locals {
  # BulkWorker's URL is in its own environment, so that it has to be known beforehand.
  # Source: https://docs.cloud.google.com/run/docs/triggering/https-request#deterministic.
  worker_url = "https://${var.prefix}-bulkworker-${data.google_project.this.number}.${var.region}.run.app"

  importers = {
    bulksync   = module.bulksync.service_account
    bulkworker = module.bulkworker.service_account
  }
}

# It holds the progress of imports, which the next import replaces: nothing to protect from a destroy.
resource "google_firestore_database" "sync" {
  project         = local.project
  name            = "${var.prefix}-sync"
  location_id     = coalesce(var.firestore_location, var.region)
  type            = "FIRESTORE_NATIVE"
  deletion_policy = "DELETE"
}

# Progress and failures go 30 days after their last write. Nobody asks by expireAt, and an index on it would be hot.
resource "google_firestore_field" "expire_at" {
  for_each = toset(["failures", "shards"])

  project    = local.project
  database   = google_firestore_database.sync.name
  collection = each.key
  field      = "expireAt"

  ttl_config {}
  index_config {}
}

# Only this database: others in the project are none of its business.
resource "google_project_iam_member" "firestore" {
  for_each = local.importers

  project = local.project
  role    = "roles/datastore.user"
  member  = each.value

  condition {
    title      = "only ${google_firestore_database.sync.name}"
    expression = "resource.name == \"projects/${var.project}/databases/${google_firestore_database.sync.name}\""
  }
}

resource "google_cloud_tasks_queue" "bulk" {
  project  = local.project
  location = var.region
  name     = "${var.prefix}-bulk"

  # A task sends one batch to a bulk endpoint of Klaviyo's, or asks once how its jobs stand. Within these limits few answers
  # are a 429; the worker keeps the limits, too, and a task that meets one comes back. No more come at a time than it takes.
  rate_limits {
    max_dispatches_per_second = var.klaviyo_bulk_limit.steady / 60
    max_concurrent_dispatches = min(var.klaviyo_bulk_limit.burst, local.bulkworker_instances * local.bulkworker_concurrency)
  }

  # Cloud Tasks has no dead letters: after the last attempt a task is gone. So there is no last attempt; a run that can't go
  # on ends by itself.
  retry_config {
    max_attempts = -1
    min_backoff  = "1s"
    max_backoff  = "300s"
  }
}

# Whom Cloud Tasks calls BulkWorker as.
resource "google_service_account" "tasks" {
  project      = local.project
  account_id   = "${var.prefix}-tasks"
  display_name = "Cloud Tasks' calls of BulkWorker (${var.prefix})"
}

resource "google_cloud_tasks_queue_iam_member" "enqueuer" {
  for_each = local.importers

  project  = local.project
  location = google_cloud_tasks_queue.bulk.location
  name     = google_cloud_tasks_queue.bulk.name
  role     = "roles/cloudtasks.enqueuer"
  member   = each.value
}

# Whoever enqueues a task that carries this account's token must be allowed to act as it.
resource "google_service_account_iam_member" "enqueuer" {
  for_each = local.importers

  service_account_id = google_service_account.tasks.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}
