# What the real provider computes, in its form: without these it would be random letters, which the provider refuses where it
# checks a form.

mock_data "google_project" {
  defaults = { number = "123456789012" }
}

mock_resource "google_service_account" {
  defaults = {
    id     = "projects/my-shop/serviceAccounts/account@my-shop.iam.gserviceaccount.com"
    name   = "projects/my-shop/serviceAccounts/account@my-shop.iam.gserviceaccount.com"
    email  = "account@my-shop.iam.gserviceaccount.com"
    member = "serviceAccount:account@my-shop.iam.gserviceaccount.com"
  }
}

mock_resource "google_cloudfunctions2_function" {
  defaults = {
    service_config = { uri = "https://function-abcdefghij-ew.a.run.app" }
  }
}

mock_resource "google_pubsub_topic" {
  defaults = { id = "projects/my-shop/topics/topic" }
}

mock_resource "google_cloud_tasks_queue" {
  defaults = { id = "projects/my-shop/locations/europe-west1/queues/ctklaviyo-bulk" }
}

mock_resource "google_secret_manager_secret" {
  defaults = { id = "projects/my-shop/secrets/secret" }
}

mock_resource "google_secret_manager_secret_version" {
  defaults = { version = "7" }
}

mock_resource "google_artifact_registry_repository" {
  defaults = { id = "projects/my-shop/locations/europe-west1/repositories/ctklaviyo-functions" }
}
