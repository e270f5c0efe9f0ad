# Messages that can never succeed as they are: Klaviyo refuses them, or nobody can read them. The functions publish them here
# with the reason, and acknowledge them only then. A person mends the cause and replays them.
#
# The subscription has the topic's name, so that knowing one is knowing the other.

resource "google_pubsub_topic" "parked" {
  project = local.project
  name    = "${var.prefix}-parked"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_subscription" "parked" {
  project = local.project
  name    = google_pubsub_topic.parked.name
  topic   = google_pubsub_topic.parked.id

  ack_deadline_seconds       = 60
  message_retention_duration = local.retention

  # By default a subscription that nobody reads for a month is deleted.
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_topic_iam_member" "parked" {
  for_each = local.realtime

  project = local.project
  topic   = google_pubsub_topic.parked.name
  role    = "roles/pubsub.publisher"
  member  = each.value.service_account
}
