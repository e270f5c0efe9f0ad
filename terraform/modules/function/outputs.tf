output "id" {
  description = "The function's full name, which is not known while it is being replaced."
  value       = google_cloudfunctions2_function.this.id
}

output "name" {
  description = "The name of the function and of its Cloud Run service."
  value       = google_cloudfunctions2_function.this.name
}

output "uri" {
  description = "The service's URL. It is the audience of tokens, too."
  value       = google_cloudfunctions2_function.this.service_config[0].uri
}

output "timeout" {
  description = "Seconds that one request may take."
  value       = var.size.timeout
}

output "service_account" {
  description = "Whom the function acts as."
  value       = google_service_account.this.member
}

output "function" {
  description = "The function as it is deployed."
  value       = google_cloudfunctions2_function.this
}

output "invokers" {
  description = "Who may call the function, beside its trigger."
  value       = toset([for m in google_cloud_run_service_iam_member.invoker : m.member])
}
