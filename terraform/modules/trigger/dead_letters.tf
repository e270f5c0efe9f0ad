# Messages that were delivered in vain for some 16 hours. The topic's subscription has the topic's name, so that knowing one
# is knowing the other.

resource "google_pubsub_topic" "dead" {
  project = var.deployment.project
  name    = local.dead_messages

  message_storage_policy {
    allowed_persistence_regions = local.regions
  }
}

resource "google_pubsub_subscription" "dead" {
  project = var.deployment.project
  name    = local.dead_messages
  topic   = google_pubsub_topic.dead.id

  ack_deadline_seconds       = 60
  message_retention_duration = var.settings.retention

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub's own account moves dead letters: it publishes them there and acknowledges them here. Without both roles it
# silently delivers on.
resource "google_pubsub_topic_iam_member" "dead" {
  project = var.deployment.project
  topic   = google_pubsub_topic.dead.name
  role    = "roles/pubsub.publisher"
  member  = var.settings.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "dead" {
  project      = var.deployment.project
  subscription = google_pubsub_subscription.push.name
  role         = "roles/pubsub.subscriber"
  member       = var.settings.pubsub_agent
}
