# ctklaviyo on Google Cloud. A function has a file of its own, which says what it needs and what triggers it. This file has
# what all of them share.

locals {
  # Whatever takes the project from here waits for the APIs.
  project = one(toset([for api in google_project_service.this : api.project]))
  labels  = merge({ app = "ctklaviyo", prefix = var.prefix }, var.labels)

  ct_api_url  = "https://api.${var.ct_region}.commercetools.com"
  ct_auth_url = "https://auth.${var.ct_region}.commercetools.com"

  deployment = {
    project    = local.project
    region     = var.region
    prefix     = var.prefix
    bucket     = google_storage_bucket.source.id
    repository = google_artifact_registry_repository.images.id
    builder    = local.builder
  }

  # Which of our packages go into a function's zip. A plan fails when the list is wrong.
  common_packages = [
    "config",
    "shared/commercetools",
    "shared/framework",
    "shared/klaviyo",
    "shared/logging",
    "shared/mapping",
    "shared/once",
    "shared/retry",
    "shared/settings",
  ]
  realtime_packages = concat(local.common_packages, ["shared/delivery"])
  bulk_packages     = concat(local.common_packages, ["shared/bulk", "shared/bulk/cloud"])

  # The environment, in the groups of shared/settings.
  log_environment = {
    GOOGLE_CLOUD_PROJECT = local.project
    LOG_LEVEL            = var.log_level
  }
  api_environment = {
    CT_API_URL      = local.ct_api_url
    CT_AUTH_URL     = local.ct_auth_url
    CT_PROJECT_ID   = var.ct_project_key
    KLAVIYO_API_URL = var.klaviyo_api_url
  }
  file_environment = {
    CONFIG_ENV  = var.config_env
    CONFIG_JSON = length(var.config) > 0 ? jsonencode(var.config) : null
  }
  shop_environment = {
    PREFERRED_LOCALE     = var.preferred_locale
    PREFERRED_CURRENCY   = var.preferred_currency
    PRODUCT_URL_TEMPLATE = var.product_url_template
  }
  realtime_environment = merge(local.log_environment, local.api_environment, local.file_environment, {
    # The subscription's name is the topic's. What is published before there is a subscription is lost: a function waits for it.
    PARKED_TOPIC = google_pubsub_subscription.parked.name
  })
  bulk_environment = merge(local.log_environment, {
    FIRESTORE_DATABASE    = google_firestore_database.sync.name
    TASKS_QUEUE           = google_cloud_tasks_queue.bulk.id
    TASKS_SERVICE_ACCOUNT = google_service_account.tasks.email
    WORKER_URL            = local.worker_url
  })
}

resource "google_project_service" "this" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ])

  project = var.project
  service = each.key
  # Something else in the project may need it.
  disable_on_destroy = false
}

data "google_project" "this" {
  project_id = var.project
}

# Pub/Sub's own account comes into being with the first use, and is needed before.
resource "google_project_service_identity" "pubsub" {
  provider = google-beta

  project = local.project
  service = "pubsub.googleapis.com"
}
