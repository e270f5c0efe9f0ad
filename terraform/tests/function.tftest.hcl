# A function's zip holds what it needs and nothing else, and the function may do what it must and nothing else.

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  deployment = {
    project    = "my-shop"
    region     = "europe-west1"
    prefix     = "ctklaviyo"
    bucket     = "my-shop-ctklaviyo-source"
    repository = "projects/my-shop/locations/europe-west1/repositories/ctklaviyo-functions"
    builder    = "projects/my-shop/serviceAccounts/builder@my-shop.iam.gserviceaccount.com"
  }
  name        = "CustomerEvents"
  description = "A function"
  packages = [
    "config", "shared/commercetools", "shared/delivery", "shared/instep", "shared/klaviyo", "shared/logging", "shared/mapping",
    "shared/framework", "shared/once", "shared/retry", "shared/settings",
  ]
  environment = { LOG_LEVEL = "info", CONFIG_ENV = null, PREFERRED_LOCALE = "" }
  secrets     = { KLAVIYO_AUTH_KEY = { secret = "ctklaviyo-klaviyo-auth-key", version = "7" } }
  size        = { timeout = 60, memory = "256Mi", max_instances = 3, concurrency = 20 }
}

run "the_zip" {
  command = plan
  module { source = "./modules/function" }

  assert {
    condition = alltrue([for s in data.archive_file.source.source :
    contains(concat(tolist(var.packages), ["functions/customerevents"]), dirname(s.filename)) || contains(["go.mod", "go.sum", "function.go"], s.filename)])
    error_message = "The zip holds a file of another package: a change there redeploys the function."
  }
  assert {
    condition     = alltrue([for s in data.archive_file.source.source : !endswith(s.filename, "_test.go")])
    error_message = "The zip holds tests: a change of one redeploys the function."
  }
  assert {
    condition = alltrue([for name in ["go.mod", "go.sum", "config/default.json", "functions/customerevents/customerevents.go", "shared/mapping/profile.go"] :
    contains([for s in data.archive_file.source.source : s.filename], name)])
    error_message = "The zip lacks a file that the build or the function needs."
  }
  assert {
    condition = alltrue([for path in ["github.com/GoogleCloudPlatform/functions-framework-go/functions", "github.com/ctklaviyo/connector/functions/customerevents"] :
    strcontains(one([for s in data.archive_file.source.source : s.content if s.filename == "function.go"]), "_ \"${path}\"")])
    error_message = "The root file needs both imports: without the framework's the buildpack doesn't find the registration, without the function's there is none."
  }
  assert {
    condition     = google_storage_bucket_object.source.name == "customerevents-${data.archive_file.source.output_sha256}.zip"
    error_message = "The object's name doesn't change with the source, so that nothing is deployed."
  }
}

run "a_package_that_is_missing" {
  command = plan
  module { source = "./modules/function" }
  variables {
    packages = ["config", "shared/commercetools", "shared/delivery", "shared/instep", "shared/klaviyo", "shared/logging", "shared/mapping", "shared/framework", "shared/once", "shared/settings"]
  }

  expect_failures = [google_storage_bucket_object.source]
}

run "a_package_too_many" {
  command = plan
  module { source = "./modules/function" }
  variables {
    packages = [
      "config", "shared/bulk", "shared/commercetools", "shared/delivery", "shared/instep", "shared/klaviyo", "shared/logging",
      "shared/mapping", "shared/framework", "shared/once", "shared/retry", "shared/settings",
    ]
  }

  expect_failures = [google_storage_bucket_object.source]
}

run "the_deployed_function" {
  command = plan
  module { source = "./modules/function" }

  assert {
    condition     = google_cloudfunctions2_function.this.build_config[0].entry_point == "CustomerEvents" && google_cloudfunctions2_function.this.name == "ctklaviyo-customerevents"
    error_message = "The entry point is the name that the code registers."
  }
  assert {
    condition     = google_cloudfunctions2_function.this.build_config[0].runtime == "go126"
    error_message = "go.mod asks for Go 1.26."
  }
  assert {
    condition     = google_cloudfunctions2_function.this.build_config[0].service_account == var.deployment.builder
    error_message = "The build runs as the default account, which may do too much or nothing."
  }
  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].environment_variables == tomap({ LOG_LEVEL = "info" })
    error_message = "Variables without a value are left out, the others are not."
  }
  assert {
    condition = alltrue([for s in google_cloudfunctions2_function.this.service_config[0].secret_environment_variables :
    s.key == "KLAVIYO_AUTH_KEY" && s.secret == "ctklaviyo-klaviyo-auth-key" && can(regex("^[0-9]+$", s.version))]) && length(google_cloudfunctions2_function.this.service_config[0].secret_environment_variables) == 1
    error_message = "A secret comes from Secret Manager, at a version that doesn't change behind a deployment's back."
  }
  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].available_cpu == "1"
    error_message = "Below one CPU Cloud Run takes one request at a time, whatever the concurrency says."
  }
}

run "least_privilege" {
  command = plan
  module { source = "./modules/function" }

  assert {
    condition     = google_service_account.this.account_id == "ctklaviyo-customerevents"
    error_message = "Each function is somebody of its own."
  }
  assert {
    condition     = alltrue([for name, m in google_secret_manager_secret_iam_member.this : m.role == "roles/secretmanager.secretAccessor" && m.secret_id == var.secrets[name].secret && m.member == google_service_account.this.member])
    error_message = "A function reads its secrets and does no more with them, and nobody else does."
  }
  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "Only Pub/Sub calls the function; it must not be reached from outside."
  }
  assert {
    condition     = length(google_cloud_run_service_iam_member.invoker) == 0
    error_message = "Whoever isn't named must not call the function."
  }
}

run "invokers_and_scaling" {
  command = plan
  module { source = "./modules/function" }
  variables {
    invokers = { tasks = "serviceAccount:tasks@my-shop.iam.gserviceaccount.com" }
    scaling  = { min_instances = 1 }
  }

  assert {
    condition     = google_cloud_run_service_iam_member.invoker["tasks"].role == "roles/run.invoker" && google_cloud_run_service_iam_member.invoker["tasks"].member == "serviceAccount:tasks@my-shop.iam.gserviceaccount.com"
    error_message = "The invoker may not call the function."
  }
  assert {
    condition = [
      google_cloudfunctions2_function.this.service_config[0].min_instance_count,
      google_cloudfunctions2_function.this.service_config[0].max_instance_count,
      google_cloudfunctions2_function.this.service_config[0].max_instance_request_concurrency,
    ] == [1, 3, 20]
    error_message = "scaling replaces what it names, and nothing else."
  }
}

# The variable's own check doesn't know the function's default of max_instances.
run "more_instances_at_least_than_at_most" {
  command = plan
  module { source = "./modules/function" }
  variables {
    scaling = { min_instances = 4 }
  }

  expect_failures = [google_cloudfunctions2_function.this]
}
