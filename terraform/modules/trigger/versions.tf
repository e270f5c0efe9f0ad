terraform {
  required_providers {
    google        = { source = "hashicorp/google" }
    commercetools = { source = "labd/commercetools" }
  }
}
