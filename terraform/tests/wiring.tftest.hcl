# What the root module makes of the modules: who gets which settings, secrets and rights.

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}
mock_provider "google-beta" {
  override_during = plan
  mock_resource "google_project_service_identity" {
    defaults = { member = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com" }
  }
}
mock_provider "commercetools" {
  override_during = plan
  mock_resource "commercetools_api_client" {
    defaults = { id = "QZQZ-client", secret = "QZQZ-secret" }
  }
}

# Accounts of their own, so that one in the place of another shows.
override_resource {
  target          = google_service_account.tasks
  override_during = plan
  values = {
    id     = "projects/my-shop/serviceAccounts/ctklaviyo-tasks@my-shop.iam.gserviceaccount.com"
    name   = "projects/my-shop/serviceAccounts/ctklaviyo-tasks@my-shop.iam.gserviceaccount.com"
    email  = "ctklaviyo-tasks@my-shop.iam.gserviceaccount.com"
    member = "serviceAccount:ctklaviyo-tasks@my-shop.iam.gserviceaccount.com"
  }
}
override_resource {
  target          = google_service_account.scheduler
  override_during = plan
  values = {
    id     = "projects/my-shop/serviceAccounts/ctklaviyo-scheduler@my-shop.iam.gserviceaccount.com"
    name   = "projects/my-shop/serviceAccounts/ctklaviyo-scheduler@my-shop.iam.gserviceaccount.com"
    email  = "ctklaviyo-scheduler@my-shop.iam.gserviceaccount.com"
    member = "serviceAccount:ctklaviyo-scheduler@my-shop.iam.gserviceaccount.com"
  }
}
override_resource {
  target          = google_service_account.builder
  override_during = plan
  values = {
    id     = "projects/my-shop/serviceAccounts/ctklaviyo-build@my-shop.iam.gserviceaccount.com"
    name   = "projects/my-shop/serviceAccounts/ctklaviyo-build@my-shop.iam.gserviceaccount.com"
    email  = "ctklaviyo-build@my-shop.iam.gserviceaccount.com"
    member = "serviceAccount:ctklaviyo-build@my-shop.iam.gserviceaccount.com"
  }
}

variables {
  project              = "my-shop"
  region               = "europe-west1"
  ct_project_key       = "my-shop"
  klaviyo_auth_key     = "pk_QZQZ"
  preferred_locale     = "en-US"
  preferred_currency   = "USD"
  product_url_template = "https://example.com/p/{{productSlug}}"
  config_env           = "default"
  config               = { disabledEvents = ["OrderRefunded"], product = { missingText = "It's new" } }
  bulksync_invokers    = ["group:shop@example.com"]
}

run "as_most_have_it" {
  command = plan

  # Settings. The names are those of the functions' environment structs (shared/settings); a function that lacks one answers 503.
  assert {
    condition = alltrue([for name, extra in {
      customerevents  = []
      orderevents     = ["PREFERRED_CURRENCY", "PREFERRED_LOCALE", "PRODUCT_URL_TEMPLATE"]
      paymentevents   = ["PREFERRED_CURRENCY", "PREFERRED_LOCALE", "PRODUCT_URL_TEMPLATE"]
      categoryevents  = ["PREFERRED_CURRENCY", "PREFERRED_LOCALE", "PRODUCT_URL_TEMPLATE"]
      productevents   = ["PREFERRED_CURRENCY", "PREFERRED_LOCALE", "PRODUCT_URL_TEMPLATE"]
      inventoryevents = []
    } : toset(keys(local.realtime[name].function.service_config[0].environment_variables)) == setunion(extra, ["CONFIG_ENV", "CONFIG_JSON", "CT_API_URL", "CT_AUTH_URL", "CT_PROJECT_ID", "GOOGLE_CLOUD_PROJECT", "LOG_LEVEL", "PARKED_TOPIC"])])
    error_message = "A realtime function lacks a setting that it reads, or has one that it doesn't."
  }
  assert {
    condition     = toset(keys(module.bulksync.function.service_config[0].environment_variables)) == toset(["FIRESTORE_DATABASE", "GOOGLE_CLOUD_PROJECT", "LOG_LEVEL", "TASKS_QUEUE", "TASKS_SERVICE_ACCOUNT", "WORKER_URL"])
    error_message = "BulkSync lacks a setting that it reads, or has one that it doesn't."
  }
  assert {
    condition = toset(keys(module.bulkworker.function.service_config[0].environment_variables)) == toset([
      "CONFIG_ENV", "CONFIG_JSON", "CT_API_URL", "CT_AUTH_URL", "CT_PROJECT_ID", "FIRESTORE_DATABASE", "GOOGLE_CLOUD_PROJECT", "LOG_LEVEL",
      "PREFERRED_CURRENCY", "PREFERRED_LOCALE", "PRODUCT_URL_TEMPLATE", "TASKS_QUEUE", "TASKS_SERVICE_ACCOUNT", "WORKER_URL",
    ])
    error_message = "BulkWorker lacks a setting that it reads, or has one that it doesn't."
  }
  assert {
    condition     = module.bulkworker.function.service_config[0].environment_variables["WORKER_URL"] == "https://ctklaviyo-bulkworker-123456789012.europe-west1.run.app" && module.bulksync.function.service_config[0].environment_variables["WORKER_URL"] == "https://ctklaviyo-bulkworker-123456789012.europe-west1.run.app"
    error_message = "The tasks go elsewhere, or their token is for another audience than BulkWorker."
  }
  assert {
    condition     = alltrue([for f in [module.bulksync, module.bulkworker] : f.function.service_config[0].environment_variables["TASKS_SERVICE_ACCOUNT"] == google_service_account.tasks.email])
    error_message = "The tasks' token is for an account that may not call BulkWorker."
  }
  assert {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/queues/[^/]+$", module.bulksync.function.service_config[0].environment_variables["TASKS_QUEUE"]))
    error_message = "TASKS_QUEUE must be the queue's full name."
  }

  # Secrets stay secret.
  assert {
    condition     = alltrue([for f in concat(values(local.realtime), [module.bulksync, module.bulkworker]) : !strcontains(jsonencode(f.function.service_config[0].environment_variables), "QZQZ")])
    error_message = "A secret is in a plain environment variable."
  }
  assert {
    condition     = alltrue([for f in concat(values(local.realtime), [module.bulkworker]) : toset([for s in f.function.service_config[0].secret_environment_variables : "${s.key}@${s.version}"]) == toset(["CT_API_CLIENT@7", "KLAVIYO_AUTH_KEY@7"])])
    error_message = "A function lacks a secret, or reads whatever version is the latest."
  }
  assert {
    condition     = length(module.bulksync.function.service_config[0].secret_environment_variables) == 0
    error_message = "BulkSync talks to neither API and must not have their keys."
  }
  assert {
    condition     = google_secret_manager_secret_version.klaviyo.secret_data == null
    error_message = "Klaviyo's key is in the state."
  }
  assert {
    condition     = nonsensitive(google_secret_manager_secret_version.ct_created[0].secret_data) == jsonencode({ clientId = "QZQZ-client", secret = "QZQZ-secret" })
    error_message = "CT_API_CLIENT is not in the form that the functions read."
  }

  # Least privilege.
  assert {
    condition     = alltrue([for scope in commercetools_api_client.this[0].scope : startswith(scope, "view_")])
    error_message = "The functions only read from commercetools."
  }
  assert {
    condition     = toset(keys(google_pubsub_topic_iam_member.parked)) == toset(keys(local.realtime)) && alltrue([for name, m in google_pubsub_topic_iam_member.parked : m.role == "roles/pubsub.publisher" && m.topic == google_pubsub_topic.parked.name && m.member == local.realtime[name].service_account])
    error_message = "A realtime function can't park what never succeeds, or somebody else may publish there."
  }
  assert {
    condition     = alltrue([for name, m in google_project_iam_member.firestore : m.member == local.importers[name] && m.role == "roles/datastore.user" && m.condition[0].expression == "resource.name == \"projects/my-shop/databases/ctklaviyo-sync\""])
    error_message = "The imports may use another database than their own."
  }
  assert {
    condition = alltrue([for name in ["bulksync", "bulkworker"] :
    google_cloud_tasks_queue_iam_member.enqueuer[name].role == "roles/cloudtasks.enqueuer" && google_service_account_iam_member.enqueuer[name].role == "roles/iam.serviceAccountUser" && google_service_account_iam_member.enqueuer[name].service_account_id == google_service_account.tasks.name && google_project_iam_member.firestore[name].role == "roles/datastore.user"])
    error_message = "BulkSync and BulkWorker both enqueue tasks, with the token of the tasks' account, and keep the run in Firestore."
  }
  assert {
    condition     = toset(keys(google_project_iam_member.builder)) == toset(["roles/logging.logWriter", "roles/storage.objectViewer"]) && alltrue([for m in concat(values(google_project_iam_member.builder), [google_artifact_registry_repository_iam_member.builder]) : m.member == google_service_account.builder.member])
    error_message = "A build reads the source and writes its log, no more, and nobody else gets its rights."
  }

  # commercetools may answer with other scopes: only another list of wanted ones makes a new client.
  assert {
    condition     = toset(terraform_data.ct_scopes.input) == commercetools_api_client.this[0].scope
    error_message = "Scopes that are added here don't replace the API client."
  }

  # Who may call.
  assert {
    condition     = alltrue([for f in concat(values(local.realtime), [module.bulkworker]) : f.function.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"])
    error_message = "Only BulkSync is called from outside Google Cloud."
  }
  assert {
    condition     = module.bulksync.invokers == toset(["group:shop@example.com"])
    error_message = "Somebody else than bulksync_invokers may start imports."
  }
  assert {
    condition     = module.bulkworker.invokers == toset(["serviceAccount:ctklaviyo-tasks@my-shop.iam.gserviceaccount.com"])
    error_message = "Somebody else than Cloud Tasks may call BulkWorker."
  }
  assert {
    condition     = alltrue([for f in local.realtime : length(f.invokers) == 0])
    error_message = "Somebody else than Pub/Sub, which the trigger lets in, may call a realtime function."
  }

  # Imports keep within Klaviyo's limits, and lose no task.
  assert {
    condition     = google_cloud_tasks_queue.bulk.rate_limits[0].max_dispatches_per_second == 2.5 && google_cloud_tasks_queue.bulk.rate_limits[0].max_concurrent_dispatches <= 10
    error_message = "Klaviyo's bulk endpoints take 10 requests a second and 150 a minute."
  }
  assert {
    condition     = google_cloud_tasks_queue.bulk.retry_config[0].max_attempts == -1
    error_message = "After its last attempt Cloud Tasks deletes a task, and with it a part of the import."
  }
  assert {
    condition     = module.bulkworker.function.service_config[0].available_memory == "512Mi" && module.bulkworker.function.service_config[0].timeout_seconds == 600
    error_message = "A task has 10 minutes and shares 512 MiB."
  }
  assert {
    condition     = module.bulkworker.function.service_config[0].max_instance_count * module.bulkworker.function.service_config[0].max_instance_request_concurrency == google_cloud_tasks_queue.bulk.rate_limits[0].max_concurrent_dispatches
    error_message = "The queue dispatches more tasks at a time than BulkWorker takes, or keeps it waiting."
  }
  assert {
    condition     = module.bulkworker.function.service_config[0].max_instance_count == 1
    error_message = "Each instance of BulkWorker takes all that Klaviyo allows for itself: with several, requests get a 429."
  }

  # The progress of imports expires.
  assert {
    condition     = { for f in google_firestore_field.expire_at : f.collection => f.field } == { failures = "expireAt", shards = "expireAt" }
    error_message = "Shards and failures stay for ever, or something else goes."
  }
  assert {
    condition     = alltrue([for f in google_firestore_field.expire_at : f.database == "ctklaviyo-sync" && length(f.ttl_config) == 1])
    error_message = "The TTL is not that of the imports' database."
  }

  # Parked messages stay.
  assert {
    condition     = google_pubsub_subscription.parked.name == google_pubsub_topic.parked.name
    error_message = "PARKED_SUBSCRIPTION defaults to the topic's name."
  }
  assert {
    condition     = google_pubsub_subscription.parked.expiration_policy[0].ttl == "" && google_pubsub_subscription.parked.message_retention_duration == "2678400s" && local.trigger_settings.retention == "2678400s"
    error_message = "Parked messages are gone before somebody has looked."
  }

  # commercetools is asked for what the functions handle. Compare with the switches in functions/*/handler.go.
  assert {
    condition = jsonencode({ for name, t in local.triggers : name => t.publishes }) == jsonencode({
      customerevents  = { resource = "customer", changes = true, messages = ["CustomerAddressAdded", "CustomerAddressChanged", "CustomerAddressRemoved", "CustomerCompanyNameSet", "CustomerCreated"] }
      orderevents     = { resource = "order", changes = false, messages = ["OrderCreated", "OrderCustomerSet", "OrderImported", "OrderStateChanged"] }
      paymentevents   = { resource = "payment", changes = false, messages = ["PaymentTransactionAdded", "PaymentTransactionStateChanged"] }
      categoryevents  = { resource = "category", changes = true, messages = ["CategoryCreated"] }
      productevents   = { resource = "product", changes = true, messages = ["ProductPublished", "ProductUnpublished"] }
      inventoryevents = { resource = "inventory-entry", changes = true, messages = [] }
    })
    error_message = "commercetools is not asked for what the functions handle."
  }

  # Google's front end refuses a POST that has no length.
  assert {
    condition     = strcontains(output.start_import, "-X POST") && endswith(output.start_import, "/sync/customers -d '{}'")
    error_message = "The command that starts an import has no body."
  }

  # A replay maps as the functions do: every variable of theirs (shared/settings), and nothing that the shell has besides.
  assert {
    condition = toset(split("\n", output.parked_settings)) == toset([
      "export CONFIG_ENV='default'",
      "export CONFIG_JSON='{\"disabledEvents\":[\"OrderRefunded\"],\"product\":{\"missingText\":\"It'\\''s new\"}}'",
      "export CT_API_CLIENT=\"$(gcloud secrets versions access 7 --secret=ctklaviyo-ct-api-client --project=my-shop)\"",
      "export CT_API_URL='https://api.europe-west1.gcp.commercetools.com'",
      "export CT_AUTH_URL='https://auth.europe-west1.gcp.commercetools.com'",
      "export CT_PROJECT_ID='my-shop'",
      "export CT_SCOPES=''",
      "export KLAVIYO_API_URL=''",
      "export KLAVIYO_AUTH_KEY=\"$(gcloud secrets versions access 7 --secret=ctklaviyo-klaviyo-auth-key --project=my-shop)\"",
      "export NODE_CONFIG=''",
      "export PARKED_SUBSCRIPTION='projects/my-shop/subscriptions/ctklaviyo-parked'",
      "export PREFERRED_CURRENCY='USD'",
      "export PREFERRED_LOCALE='en-US'",
      "export PRODUCT_URL_TEMPLATE='https://example.com/p/{{productSlug}}'",
    ])
    error_message = "Whoever replays a message does it with other settings than the deployment's, or sees a secret."
  }

  # Nobody asked for imports at night.
  assert {
    condition     = length(google_cloud_scheduler_job.nightly) == 0 && length(google_service_account.scheduler) == 0
    error_message = "Nobody asked for imports at night."
  }
}

run "nobody_calls_by_default" {
  command = plan
  variables {
    bulksync_invokers = []
  }

  assert {
    condition     = length(module.bulksync.invokers) == 0
    error_message = "BulkSync must be closed until somebody is named."
  }
}

run "messages_named_in_config" {
  command = plan
  variables {
    config = { order = { messages = { changed = ["OrderShipmentStateChanged"] } } }
  }

  assert {
    condition     = local.triggers["orderevents"].publishes.messages == toset(["OrderCreated", "OrderCustomerSet", "OrderImported", "OrderShipmentStateChanged"])
    error_message = "The functions would handle messages that never come."
  }
}

run "deletions_named_as_the_node_plugin_does" {
  command = plan
  variables {
    config = { product = { messages = { deleted = ["ProductUnpublished", "ResourceDeleted"] } } }
  }

  assert {
    condition     = local.triggers["productevents"].publishes.messages == toset(["ProductPublished", "ProductUnpublished"])
    error_message = "commercetools refuses a subscription to a message that it doesn't have."
  }
}

run "an_api_client_of_your_own" {
  command = plan
  variables {
    create_api_client     = false
    ct_api_client         = "{\"clientId\":\"c1\",\"secret\":\"QZQZ\"}"
    ct_api_client_version = 2
  }

  assert {
    condition     = length(commercetools_api_client.this) == 0 && length(google_secret_manager_secret_version.ct_created) == 0
    error_message = "There are two API clients."
  }
  assert {
    condition     = google_secret_manager_secret_version.ct_given[0].secret_data_wo_version == 2 && google_secret_manager_secret_version.ct_given[0].secret_data == null
    error_message = "A new client doesn't make a new version, or is in the state."
  }
}

run "alerts_tell_what_to_do" {
  command = plan
  variables {
    alert_emails = ["oncall@example.com"]
  }

  assert {
    condition     = alltrue([for p in concat(values(google_monitoring_alert_policy.log), [google_monitoring_alert_policy.parked, google_monitoring_alert_policy.errors]) : length(p.documentation[0].content) > 200 && length(p.notification_channels) == 1])
    error_message = "An alert goes to nobody, or comes without a playbook."
  }
}

run "nightly_imports" {
  command = plan
  variables {
    nightly_imports = { resources = ["customers", "orders", "categories", "products"], schedule = "5 3 * * *" }
  }

  assert {
    condition     = google_cloud_scheduler_job.nightly["customers"].http_target[0].uri == "https://function-abcdefghij-ew.a.run.app/sync/customers" && google_cloud_scheduler_job.nightly["customers"].http_target[0].http_method == "POST"
    error_message = "The job doesn't start the import of customers."
  }
  assert {
    condition     = base64decode(google_cloud_scheduler_job.nightly["customers"].http_target[0].body) == "{\"since\":\"26h\"}"
    error_message = "The job doesn't say how far back, and would import everything."
  }
  assert {
    condition     = { for name, job in google_cloud_scheduler_job.nightly : name => job.schedule } == { categories = "5 3 * * *", customers = "5 3 * * *", orders = "35 3 * * *", products = "35 3 * * *" }
    error_message = "Products start before their categories, or orders before their customers."
  }
  assert {
    condition     = google_cloud_scheduler_job.nightly["customers"].http_target[0].oidc_token[0].audience == "https://function-abcdefghij-ew.a.run.app"
    error_message = "Cloud Run refuses a token for another audience than its own URL."
  }
  assert {
    condition     = google_cloud_scheduler_job.nightly["customers"].http_target[0].oidc_token[0].service_account_email == google_service_account.scheduler[0].email
    error_message = "The job calls as somebody who may not start imports."
  }
  assert {
    condition     = module.bulksync.invokers == toset(["group:shop@example.com", "serviceAccount:ctklaviyo-scheduler@my-shop.iam.gserviceaccount.com"])
    error_message = "Cloud Scheduler may not start imports."
  }
}
