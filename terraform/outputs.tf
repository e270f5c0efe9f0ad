output "start_import" {
  description = "The command that starts an import, for whoever is in bulksync_invokers. customers can be orders, categories or products."
  value       = "curl -X POST -H \"Authorization: Bearer $(gcloud auth print-identity-token)\" ${module.bulksync.uri}/sync/customers -d '{}'"
}

output "watch_imports" {
  description = "The command that shows how far all imports are."
  value       = "curl -H \"Authorization: Bearer $(gcloud auth print-identity-token)\" ${module.bulksync.uri}/sync/status"
}

output "urls" {
  description = "The functions' URLs. Only BulkSync's can be reached from outside Google Cloud."
  value = merge(
    { for name, function in local.realtime : name => function.uri },
    { bulksync = module.bulksync.uri, bulkworker = local.worker_url },
  )
}

output "topics" {
  description = "The topics that commercetools publishes to, by function."
  value       = { for name, trigger in local.triggers : name => trigger.topic }
}

output "dead_letters" {
  description = "The subscriptions that keep messages which were delivered in vain, by function."
  value       = { for name, trigger in local.triggers : name => trigger.dead_letters }
}

output "parked_topic" {
  description = "The topic for messages that never succeed. Its subscription has the same name."
  value       = google_pubsub_topic.parked.id
}

output "queue" {
  description = "The Cloud Tasks queue of the imports."
  value       = google_cloud_tasks_queue.bulk.id
}

output "firestore_database" {
  description = "The Firestore database with the progress of imports."
  value       = google_firestore_database.sync.name
}
