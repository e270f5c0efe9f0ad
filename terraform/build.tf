# Where the functions' source and images are kept, and who builds them.

locals {
  # Whatever takes the builder from here waits for its rights, too: without them the first build fails.
  builder = [
    google_service_account.builder.id,
    google_project_iam_member.builder,
    google_artifact_registry_repository_iam_member.builder,
  ][0]
}

resource "google_storage_bucket" "source" {
  project  = local.project
  name     = "${var.project}-${var.prefix}-source"
  location = var.region

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  # It holds nothing but what the next apply would upload again.
  force_destroy = true
}

resource "google_artifact_registry_repository" "images" {
  project       = local.project
  location      = var.region
  repository_id = "${var.prefix}-functions"
  format        = "DOCKER"
  description   = "Images of ctklaviyo's functions, built by Cloud Functions"
}

# The default account for builds may do much more, or, in a newer organisation, nothing.
resource "google_service_account" "builder" {
  project      = local.project
  account_id   = "${var.prefix}-build"
  display_name = "Builds the functions (${var.prefix})"
}

# Cloud Functions hands the source to the build in a bucket of its own, so that the right is the project's.
resource "google_project_iam_member" "builder" {
  for_each = toset(["roles/logging.logWriter", "roles/storage.objectViewer"])

  project = local.project
  role    = each.key
  member  = google_service_account.builder.member
}

resource "google_artifact_registry_repository_iam_member" "builder" {
  project    = local.project
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.builder.member
}
