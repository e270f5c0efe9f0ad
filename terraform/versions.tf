terraform {
  # 1.11 is the first with write-only arguments, which keep the keys out of the state.
  required_version = ">= 1.11"

  required_providers {
    google        = { source = "hashicorp/google", version = "~> 7.45" }
    google-beta   = { source = "hashicorp/google-beta", version = "~> 7.45" }
    archive       = { source = "hashicorp/archive", version = "~> 2.7" }
    commercetools = { source = "labd/commercetools", version = "~> 1.22" }
  }
}

provider "google" {
  project        = var.project
  region         = var.region
  default_labels = local.labels
}

provider "google-beta" {
  project = var.project
}

# Terraform's own API client: CTP_CLIENT_ID and CTP_CLIENT_SECRET, from the environment.
provider "commercetools" {
  project_key = var.ct_project_key
  api_url     = local.ct_api_url
  token_url   = local.ct_auth_url
}
