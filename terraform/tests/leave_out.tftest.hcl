# A merchant who has no use for a realtime function leaves it out, and the others stay as they are.

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

run "without_customers_payments_products" {
  command = plan
  variables {
    leave_out = ["customerevents", "paymentevents", "productevents"]
  }

  assert {
    condition     = length(setintersection(keys(local.realtime), var.leave_out)) == 0 && length(local.realtime) == 6 - length(var.leave_out)
    error_message = "A function that was left out is still there, or another one is gone."
  }
  assert {
    condition     = toset(keys(output.topics)) == toset(keys(local.realtime)) && toset(keys(output.urls)) == setunion(keys(local.realtime), ["bulksync", "bulkworker"])
    error_message = "There is a trigger without its function, or a function without its trigger."
  }
}

run "without_orders_categories_inventory" {
  command = plan
  variables {
    leave_out = ["orderevents", "categoryevents", "inventoryevents"]
  }

  assert {
    condition     = length(setintersection(keys(local.realtime), var.leave_out)) == 0 && length(local.realtime) == 6 - length(var.leave_out)
    error_message = "A function that was left out is still there, or another one is gone."
  }
  assert {
    condition     = toset(keys(output.topics)) == toset(keys(local.realtime)) && toset(keys(output.urls)) == setunion(keys(local.realtime), ["bulksync", "bulkworker"])
    error_message = "There is a trigger without its function, or a function without its trigger."
  }
}

run "null_leaves_nothing_out" {
  command = plan
  variables {
    leave_out = null
  }

  assert {
    condition     = length(local.realtime) == 6
    error_message = "null is not the default."
  }
}

run "imports_only" {
  command = plan
  variables {
    leave_out = ["customerevents", "paymentevents", "productevents", "orderevents", "categoryevents", "inventoryevents"]
  }

  assert {
    condition     = length(setintersection(keys(local.realtime), var.leave_out)) == 0 && length(local.realtime) == 6 - length(var.leave_out)
    error_message = "A function that was left out is still there, or another one is gone."
  }
  assert {
    condition     = toset(keys(output.topics)) == toset(keys(local.realtime)) && toset(keys(output.urls)) == setunion(keys(local.realtime), ["bulksync", "bulkworker"])
    error_message = "There is a trigger without its function, or a function without its trigger."
  }
}

run "without_the_commercetools_provider" {
  command = plan
  variables {
    create_subscriptions = false
    create_api_client    = false
    ct_api_client        = "{\"clientId\":\"c1\",\"secret\":\"QZQZ\"}"
  }

  assert {
    condition     = length(commercetools_api_client.this) == 0
    error_message = "Terraform still needs an API client of commercetools."
  }
}
