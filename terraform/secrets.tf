# The two secrets. Functions read a version by its number: a new version reaches them by an apply, as a deployment that can
# be seen and undone.

locals {
  ct_client = {
    secret  = google_secret_manager_secret.this["ct-api-client"].secret_id
    version = one(concat(google_secret_manager_secret_version.ct_created[*].version, google_secret_manager_secret_version.ct_given[*].version))
  }
  klaviyo_key = {
    secret  = google_secret_manager_secret.this["klaviyo-auth-key"].secret_id
    version = google_secret_manager_secret_version.klaviyo.version
  }

  api_secrets = {
    CT_API_CLIENT    = local.ct_client
    KLAVIYO_AUTH_KEY = local.klaviyo_key
  }
}

resource "google_secret_manager_secret" "this" {
  for_each = toset(["ct-api-client", "klaviyo-auth-key"])

  project   = local.project
  secret_id = "${var.prefix}-${each.key}"

  replication {
    auto {}
  }
}

# The key is never in the state or a plan. Terraform can't see that it has changed; klaviyo_auth_key_version tells.
resource "google_secret_manager_secret_version" "klaviyo" {
  secret                 = google_secret_manager_secret.this["klaviyo-auth-key"].id
  secret_data_wo         = var.klaviyo_auth_key
  secret_data_wo_version = var.klaviyo_auth_key_version

  # The old version goes when the functions have the new one.
  lifecycle {
    create_before_destroy = true
  }
}

# What the functions read in commercetools, and nothing that they could change.
resource "terraform_data" "ct_scopes" {
  input = [
    for scope in [
      "view_categories",
      "view_customers",
      "view_orders",
      "view_payments",
      "view_products",
      "view_published_products",
      "view_standalone_prices",
    ] : "${scope}:${var.ct_project_key}"
  ]
}

resource "commercetools_api_client" "this" {
  count = var.create_api_client ? 1 : 0

  name  = "ctklaviyo ${var.prefix}"
  scope = terraform_data.ct_scopes.input

  # commercetools may answer with other scopes than it was asked for, which the provider takes for a change: each apply would
  # make a new client and deploy the functions again. Only what is asked for counts; nobody can change a client's scopes later.
  lifecycle {
    create_before_destroy = true
    ignore_changes        = [scope]
    replace_triggered_by  = [terraform_data.ct_scopes]
  }
}

# commercetools makes this secret up, so that it is in the state in any case.
resource "google_secret_manager_secret_version" "ct_created" {
  count = var.create_api_client ? 1 : 0

  secret = google_secret_manager_secret.this["ct-api-client"].id
  secret_data = jsonencode({
    clientId = commercetools_api_client.this[0].id
    secret   = commercetools_api_client.this[0].secret
  })

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_version" "ct_given" {
  count = var.create_api_client ? 0 : 1

  secret                 = google_secret_manager_secret.this["ct-api-client"].id
  secret_data_wo         = var.ct_api_client
  secret_data_wo_version = var.ct_api_client_version

  lifecycle {
    create_before_destroy = true
  }
}
