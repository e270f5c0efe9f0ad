# What brings commercetools' messages to one function, and loses none:
#
#   commercetools -> topic -> push subscription -> function
#                                 |
#                                 +-> dead letters, after 100 attempts
#
# The function answers 503 to what may succeed later. Pub/Sub then waits 10 seconds, twice that, and so on up to 10 minutes:
# 100 attempts last some 16 hours. What is left then waits 31 days in the dead letters, and an alert tells of it.

locals {
  name = var.function.name
  # Customers' data at rest stays where the functions run.
  regions = [var.deployment.region]

  ack_deadline  = var.function.timeout + 30
  dead_messages = "${local.name}-dead"
}

resource "google_pubsub_topic" "messages" {
  project = var.deployment.project
  name    = local.name

  message_storage_policy {
    allowed_persistence_regions = local.regions
  }
}

# commercetools publishes as this account. Source: https://docs.commercetools.com/api/projects/subscriptions.
resource "google_pubsub_topic_iam_member" "commercetools" {
  project = var.deployment.project
  topic   = google_pubsub_topic.messages.name
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:subscriptions@commercetools-platform.iam.gserviceaccount.com"
}

# Whom Pub/Sub calls the function as.
resource "google_service_account" "push" {
  project      = var.deployment.project
  account_id   = "${local.name}-push"
  display_name = "Pub/Sub's calls of ${local.name}"
}

resource "google_service_account_iam_member" "push_token" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = var.settings.pubsub_agent
}

# It changes when the function is replaced, even by one of the same name.
resource "terraform_data" "function" {
  input = var.function.id
}

resource "google_cloud_run_service_iam_member" "push" {
  project  = var.deployment.project
  location = var.deployment.region
  service  = var.function.name
  role     = "roles/run.invoker"
  member   = google_service_account.push.member

  # The binding goes with the function. A new one of the same name would refuse every message.
  lifecycle {
    replace_triggered_by = [terraform_data.function]
  }
}

resource "google_pubsub_subscription" "push" {
  project = var.deployment.project
  name    = local.name
  topic   = google_pubsub_topic.messages.id

  # Longer than the function's own timeout: a second copy must not come while it works on the first.
  ack_deadline_seconds       = local.ack_deadline
  message_retention_duration = var.settings.retention

  # By default a subscription without messages for a month is deleted.
  expiration_policy {
    ttl = ""
  }

  push_config {
    push_endpoint = var.function.uri

    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = var.function.uri
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead.id
    max_delivery_attempts = 100
  }

  # What comes must find the right to call, and a dead letter somebody who keeps it: a topic alone would lose it.
  depends_on = [
    google_cloud_run_service_iam_member.push,
    google_service_account_iam_member.push_token,
    google_pubsub_subscription.dead,
  ]
}

resource "commercetools_subscription" "this" {
  # commercetools refuses a subscription to nothing, which a config file without message types would be.
  count = var.settings.subscribe && (length(var.messages) > 0 || var.changes) ? 1 : 0

  key = local.name

  destination {
    type       = "GoogleCloudPubSub"
    project_id = var.deployment.project
    topic      = google_pubsub_topic.messages.name
  }

  format {
    type = "Platform"
  }

  dynamic "message" {
    for_each = length(var.messages) > 0 ? [sort(var.messages)] : []

    content {
      resource_type_id = var.resource
      types            = message.value
    }
  }

  dynamic "changes" {
    for_each = var.changes ? [[var.resource]] : []

    content {
      resource_type_ids = changes.value
    }
  }

  # commercetools publishes a test notification first. It must find the right to publish, and somebody who listens.
  depends_on = [google_pubsub_topic_iam_member.commercetools, google_pubsub_subscription.push]
}
