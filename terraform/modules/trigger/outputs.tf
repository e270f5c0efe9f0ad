output "topic" {
  description = "The full name of the topic that commercetools publishes to."
  value       = google_pubsub_topic.messages.id
}

output "dead_letters" {
  description = "The full name of the subscription that keeps dead letters."
  value       = google_pubsub_subscription.dead.id
}

output "publishes" {
  description = "What commercetools publishes to the topic: the messages by type, and whether notifications of changes, too."
  value       = { resource = var.resource, messages = var.messages, changes = var.changes }
}
