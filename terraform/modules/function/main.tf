# One deployed function: its source, its identity, and where it runs.
#
# Google's Go buildpack wants one package at the root of the source, which imports the functions framework. The repository
# has none there, so each zip gets one (function.go.tftpl) beside go.mod and the packages that the function needs. Nothing
# else is in the zip: a change elsewhere leaves its hash, and so the deployed function, as it is.

locals {
  folder  = lower(var.name)
  service = "${var.deployment.prefix}-${local.folder}"
  root    = "${path.module}/../../.."

  module_path = regex("(?m)^module (\\S+)$", file("${local.root}/go.mod"))[0]
  packages    = setunion(var.packages, ["functions/${local.folder}"])

  # A package's code and the files that it embeds, but no tests. Other files don't count: a stray one, which may be no text
  # at all, must neither fail a plan nor deploy anything.
  files = toset(concat(["go.mod", "go.sum"], flatten([
    for package in local.packages : [
      for name in fileset("${local.root}/${package}", "*.{go,json,yaml}") : "${package}/${name}" if !endswith(name, "_test.go")
    ]
  ])))
  source = merge(
    { for name in local.files : name => file("${local.root}/${name}") },
    { "function.go" = templatefile("${path.module}/function.go.tftpl", { package = "${local.module_path}/functions/${local.folder}" }) },
  )

  # The zip must hold each of our packages that one in it imports, and no other.
  imported = toset(flatten([
    for name, text in local.source : regexall("\"${local.module_path}/([a-z0-9/]+)\"", text) if endswith(name, ".go")
  ]))
  missing = setsubtract(local.imported, local.packages)
  unused  = setsubtract(local.packages, local.imported)

  min_instances = coalesce(var.scaling.min_instances, 0)
  max_instances = coalesce(var.scaling.max_instances, var.size.max_instances)
}

data "archive_file" "source" {
  type        = "zip"
  output_path = "${path.root}/.build/${var.name}.zip"

  dynamic "source" {
    for_each = local.source

    content {
      filename = source.key
      content  = source.value
    }
  }
}

resource "google_storage_bucket_object" "source" {
  bucket = var.deployment.bucket
  name   = "${local.folder}-${data.archive_file.source.output_sha256}.zip"
  source = data.archive_file.source.output_path

  lifecycle {
    precondition {
      condition     = length(local.missing) == 0
      error_message = "The zip of ${var.name} lacks packages that it imports; add to its list: ${join(", ", local.missing)}."
    }

    precondition {
      condition     = length(local.unused) == 0
      error_message = "The zip of ${var.name} has packages that nothing in it imports; drop from its list: ${join(", ", local.unused)}."
    }
  }
}

resource "google_service_account" "this" {
  project      = var.deployment.project
  account_id   = local.service
  display_name = "${var.name} (${var.deployment.prefix})"
}

resource "google_secret_manager_secret_iam_member" "this" {
  for_each = var.secrets

  secret_id = each.value.secret
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this.member
}

resource "google_cloudfunctions2_function" "this" {
  project     = var.deployment.project
  location    = var.deployment.region
  name        = local.service
  description = var.description

  build_config {
    runtime         = "go126"
    entry_point     = var.name
    service_account = var.deployment.builder
    # Without a repository of its own all environments of a project would share one.
    docker_repository = var.deployment.repository

    source {
      storage_source {
        bucket = google_storage_bucket_object.source.bucket
        object = google_storage_bucket_object.source.name
      }
    }
  }

  service_config {
    service_account_email = google_service_account.this.email
    ingress_settings      = var.public ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    timeout_seconds       = var.size.timeout

    available_memory = var.size.memory
    # Cloud Run takes more than one request at a time only with a whole CPU.
    available_cpu                    = "1"
    min_instance_count               = local.min_instances
    max_instance_count               = local.max_instances
    max_instance_request_concurrency = coalesce(var.scaling.concurrency, var.size.concurrency)

    environment_variables = { for name, value in var.environment : name => value if value != null && value != "" }

    dynamic "secret_environment_variables" {
      for_each = var.secrets

      content {
        project_id = var.deployment.project
        key        = secret_environment_variables.key
        secret     = secret_environment_variables.value.secret
        version    = secret_environment_variables.value.version
      }
    }
  }

  lifecycle {
    precondition {
      condition     = local.min_instances <= local.max_instances
      error_message = "scaling: ${var.name} has min_instances = ${local.min_instances}, more than its max_instances, ${local.max_instances}; set max_instances, too."
    }
  }

  # A deployment fails when its secrets can't be read.
  depends_on = [google_secret_manager_secret_iam_member.this]
}

# Nobody else may call the function: Cloud Run refuses whoever isn't named here or by the trigger.
resource "google_cloud_run_service_iam_member" "invoker" {
  for_each = var.invokers

  project  = var.deployment.project
  location = google_cloudfunctions2_function.this.location
  service  = google_cloudfunctions2_function.this.name
  role     = "roles/run.invoker"
  member   = each.value

  # The binding goes with the function. A new one of the same name would have nobody who may call it.
  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.this.id]
  }
}
