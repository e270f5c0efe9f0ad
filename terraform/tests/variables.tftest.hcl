# A wrong variable gets its sentence, before anything is created. A run passes only when each of its variables is refused.

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
mock_provider "commercetools" {}

variables {
  project          = "my-shop"
  region           = "europe-west1"
  ct_project_key   = "my-shop"
  klaviyo_auth_key = "pk_QZQZ"
}

run "malformed" {
  command = plan
  variables {
    project                  = "My Shop"
    region                   = "Belgium"
    firestore_location       = "Europe"
    prefix                   = "ctk-"
    labels                   = { Team = "shop" }
    ct_project_key           = "my shop"
    ct_region                = "https://api.europe-west1.gcp.commercetools.com"
    ct_api_client_version    = 0
    klaviyo_auth_key         = "pk_QZ QZ"
    klaviyo_auth_key_version = 1.5
    klaviyo_api_url          = "a.klaviyo.com"
    preferred_locale         = "english please"
    preferred_currency       = "usd"
    product_url_template     = "https://example.com/p/"
    log_level                = "warn"
    alert_emails             = ["oncall"]
    notification_channels    = ["123"]
    oldest_message_minutes   = 0
    config                   = ["OrderRefunded"]
    nightly_imports          = { schedule = "3 am" }
    scaling                  = { orderevents = { min_instances = 5, max_instances = 2 } }
  }

  expect_failures = [
    var.project,
    var.region,
    var.firestore_location,
    var.prefix,
    var.labels,
    var.ct_project_key,
    var.ct_region,
    var.ct_api_client_version,
    var.klaviyo_auth_key,
    var.klaviyo_auth_key_version,
    var.klaviyo_api_url,
    var.preferred_locale,
    var.preferred_currency,
    var.product_url_template,
    var.log_level,
    var.alert_emails,
    var.notification_channels,
    var.oldest_message_minutes,
    var.config,
    var.nightly_imports,
    var.scaling,
  ]
}

run "unknown_names" {
  command = plan
  variables {
    leave_out       = ["inventory"]
    scaling         = { orders = {} }
    nightly_imports = { resources = ["inventory"] }
    config_env      = "nowhere"
  }

  expect_failures = [
    var.leave_out,
    var.scaling,
    var.nightly_imports,
    var.config_env,
  ]
}

# PREFIX-inventoryevents-push would have more than the 30 letters of an account; Klaviyo takes 10 requests a second; 20
# tasks don't fit into 512 MiB; an import takes hours back, not a time; and nobody opens BulkSync to the world.
run "too_much" {
  command = plan
  variables {
    prefix             = "production"
    klaviyo_bulk_limit = { burst = 75, steady = 700 }
    scaling            = { bulkworker = { concurrency = 20 } }
    nightly_imports    = { since = "2026-01-01T00:00:00Z" }
    bulksync_invokers  = ["allUsers"]
  }

  expect_failures = [
    var.prefix,
    var.klaviyo_bulk_limit,
    var.scaling,
    var.nightly_imports,
    var.bulksync_invokers,
  ]
}

# Pub/Sub keeps names with goog to itself; there is no half instance or request; since is no way to import everything; an overlay
# has a name, not a path.
run "out_of_range" {
  command = plan
  variables {
    prefix             = "goog-shop"
    klaviyo_bulk_limit = { burst = 10, steady = 100.5 }
    scaling            = { orderevents = { max_instances = 1.5 } }
    nightly_imports    = { since = "10000h" }
    config_env         = "../config/default"
  }

  expect_failures = [
    var.prefix,
    var.klaviyo_bulk_limit,
    var.scaling,
    var.nightly_imports,
    var.config_env,
  ]
}

run "an_api_client_of_your_own_is_missing" {
  command = plan
  variables {
    create_api_client = false
    bulksync_invokers = ["allAuthenticatedUsers"]
  }

  expect_failures = [
    var.ct_api_client,
    var.bulksync_invokers,
  ]
}

run "an_api_client_of_your_own_is_no_json" {
  command = plan
  variables {
    create_api_client = false
    ct_api_client     = "QZQZ"
  }

  expect_failures = [
    var.ct_api_client,
  ]
}

# Half an hour later would be the next hour; China's hosts have another name.
run "not_as_it_seems" {
  command = plan
  variables {
    nightly_imports = { schedule = "30 3 * * *" }
    ct_region       = "cn-northwest-1.aws"
  }

  expect_failures = [
    var.nightly_imports,
    var.ct_region,
  ]
}

# With a key, a type or an event in the config that the functions don't know, each of them would answer 503.
run "an_unknown_key_on_top" {
  command = plan
  variables {
    config = { disableEvents = [] }
  }

  assert {
    condition     = local.config_unknown == ["disableEvents in config"]
    error_message = "The message doesn't say which key."
  }
  expect_failures = [terraform_data.config]
}

run "unknown_keys_further_down" {
  command = plan
  variables {
    config = { order = { metrcs = {}, metrics = { placed = "Placed" } }, customer = { customFields = { properties = { maps = {} } } } }
  }

  assert {
    condition     = local.config_unknown == ["customer.customFields.properties.maps in config", "order.metrcs in config", "order.metrics.placed in config"]
    error_message = "The message doesn't say which keys."
  }
  expect_failures = [terraform_data.config]
}

run "another_type" {
  command = plan
  variables {
    config = { bulk = true, customer = null, disabledEvents = "OrderRefunded", order = { guideProperties = "true" } }
  }

  assert {
    condition     = local.config_unknown == ["bulk in config", "customer in config", "disabledEvents in config", "order.guideProperties in config"]
    error_message = "The message doesn't say which values."
  }
  expect_failures = [terraform_data.config]
}

run "an_unknown_event" {
  command = plan
  variables {
    config = { disabledEvents = ["OrderRefunded", "OrderRefund"] }
  }

  assert {
    condition     = local.config_unknown_events == ["OrderRefund in config"]
    error_message = "The message doesn't say which event."
  }
  expect_failures = [terraform_data.config]
}

run "all_that_a_config_may_have" {
  command = plan
  variables {
    config_env = "default"
    config = {
      bulk           = { backfill = false }
      disabledEvents = ["OrderRefunded"]
      order = {
        properties   = { map = { orderNumber = "Number" } }
        customFields = { properties = { map = { gift = "Gift" } } }
      }
    }
  }

  assert {
    condition     = length(local.config_unknown) + length(local.config_unknown_events) == 0
    error_message = "What the functions take is refused."
  }
}
