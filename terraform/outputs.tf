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

output "parked_settings" {
  description = "What `go run ./functions/local parked` needs to read and replay parked messages as the deployed functions do, for eval \"$(terraform output -raw parked_settings)\". The secrets are fetched when it runs. What the functions don't have is emptied, so that nothing left in the shell or in .env counts."
  value = join("\n", concat(
    [for name, value in merge(local.api_environment, local.file_environment, local.shop_environment, {
      CT_SCOPES           = null
      NODE_CONFIG         = null
      PARKED_SUBSCRIPTION = "projects/${var.project}/subscriptions/${google_pubsub_subscription.parked.name}"
    }) : "export ${name}='${value == null ? "" : replace(value, "'", "'\\''")}'"],
    [for name, s in local.api_secrets : "export ${name}=\"$(gcloud secrets versions access ${s.version} --secret=${s.secret} --project=${var.project})\""],
  ))
}

output "queue" {
  description = "The Cloud Tasks queue of the imports."
  value       = google_cloud_tasks_queue.bulk.id
}

output "firestore_database" {
  description = "The Firestore database with the progress of imports."
  value       = google_firestore_database.sync.name
}
