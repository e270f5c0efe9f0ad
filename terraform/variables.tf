# Where

variable "project" {
  description = "The Google Cloud project's id."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project's id, such as my-shop-123456: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "The region of everything that has one, such as europe-west1. Near commercetools' is best. To change it is to move: see \"Several environments\" in README.md."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region must be a region of Google Cloud, such as europe-west1."
  }
}

variable "firestore_location" {
  description = "Where Firestore keeps the progress of imports; the region when not set. Needed for regions without Firestore."
  type        = string
  default     = null

  validation {
    condition     = var.firestore_location == null || can(regex("^(eur3|nam5|nam7|[a-z]+-[a-z]+[0-9]{1,2})$", var.firestore_location))
    error_message = "firestore_location must be a location of Firestore, such as europe-west1 or eur3."
  }
}

variable "prefix" {
  description = "Begins the name of everything. Environments in one project need different ones. To change it replaces topics and subscriptions, with what waits in them: see \"Several environments\" in README.md."
  type        = string
  default     = "ctklaviyo"

  # The longest account is PREFIX-inventoryevents-push, and an account has at most 30 letters.
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,7}[a-z0-9]$", var.prefix))
    error_message = "prefix must be 2 to 9 lower-case letters, digits and hyphens, such as ctk-prod; it begins with a letter and does not end with a hyphen."
  }

  validation {
    condition     = !startswith(var.prefix, "goog")
    error_message = "prefix must not begin with goog: Pub/Sub keeps such names to itself."
  }
}

variable "labels" {
  description = "Labels for everything that takes labels, beside app and prefix."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels must be lower-case letters, digits, hyphens and underscores; a key begins with a letter."
  }
}

# commercetools

variable "ct_project_key" {
  description = "The commercetools project's key."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{2,36}$", var.ct_project_key))
    error_message = "ct_project_key must be a project key: 2 to 36 letters, digits, hyphens and underscores."
  }
}

variable "ct_region" {
  description = "commercetools' region, as in its API's address: https://api.REGION.commercetools.com."
  type        = string
  default     = "europe-west1.gcp"

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.(gcp|aws|azure)$", var.ct_region))
    error_message = "ct_region must be a region of commercetools, such as europe-west1.gcp or us-east-2.aws."
  }

  validation {
    condition     = !startswith(var.ct_region, "cn-")
    error_message = "ct_region must not be one in China: projects there, at commercetools.cn, are not supported."
  }
}

variable "create_subscriptions" {
  description = "Whether Terraform keeps the commercetools subscriptions. If not, keep them with `go run ./functions/local subscriptions apply`: without them no message comes."
  type        = bool
  default     = true
}

variable "create_api_client" {
  description = "Whether Terraform creates the functions' API client. Its secret is then in the state. If not, set ct_api_client."
  type        = bool
  default     = true
}

variable "ct_api_client" {
  description = "The functions' API client, {\"clientId\":\"…\",\"secret\":\"…\"}, when create_api_client is false. Give it as TF_VAR_ct_api_client, at every plan and apply."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.create_api_client || can(length(jsondecode(var.ct_api_client).clientId) > 0 && length(jsondecode(var.ct_api_client).secret) > 0)
    error_message = "ct_api_client must be JSON such as {\"clientId\":\"…\",\"secret\":\"…\"} when create_api_client is false."
  }
}

variable "ct_api_client_version" {
  description = "Raise it when ct_api_client is another one."
  type        = number
  default     = 1

  validation {
    condition     = var.ct_api_client_version >= 1 && floor(var.ct_api_client_version) == var.ct_api_client_version
    error_message = "ct_api_client_version must be a whole number from 1."
  }
}

# Klaviyo

variable "klaviyo_auth_key" {
  description = "A private key of Klaviyo's. Give it as TF_VAR_klaviyo_auth_key, at every plan and apply; it is not kept in the state."
  type        = string
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = can(regex("^[!-~]+$", var.klaviyo_auth_key))
    error_message = "klaviyo_auth_key must be one word of plain letters, such as pk_…."
  }
}

variable "klaviyo_auth_key_version" {
  description = "Raise it when klaviyo_auth_key is another one."
  type        = number
  default     = 1

  validation {
    condition     = var.klaviyo_auth_key_version >= 1 && floor(var.klaviyo_auth_key_version) == var.klaviyo_auth_key_version
    error_message = "klaviyo_auth_key_version must be a whole number from 1."
  }
}

variable "klaviyo_api_url" {
  description = "Klaviyo's API, unless a proxy stands in."
  type        = string
  default     = null

  validation {
    condition     = var.klaviyo_api_url == null || can(regex("^https://[^/?#@ ]+(/[^?# ]*)?$", var.klaviyo_api_url))
    error_message = "klaviyo_api_url must be a URL such as https://a.klaviyo.com."
  }
}

variable "klaviyo_bulk_limit" {
  description = "How much of Klaviyo's limit of its bulk endpoints imports may use: the most requests in a second (burst) and in a minute (steady). Lower it when other integrations import into the same account, too."
  type        = object({ burst = number, steady = number })
  default     = { burst = 10, steady = 150 }

  # Source: https://developers.klaviyo.com/en/reference/bulk_import_profiles, as published by klaviyo.PublishedLimits.
  validation {
    condition     = var.klaviyo_bulk_limit.burst >= 1 && var.klaviyo_bulk_limit.burst <= 10 && var.klaviyo_bulk_limit.steady >= 1 && var.klaviyo_bulk_limit.steady <= 150 && alltrue([for limit in values(var.klaviyo_bulk_limit) : floor(limit) == limit])
    error_message = "klaviyo_bulk_limit must be whole numbers within Klaviyo's own limit: burst from 1 to 10, steady from 1 to 150."
  }
}

# What Klaviyo gets to see

variable "preferred_locale" {
  description = "Which of a product's texts Klaviyo shows, such as en-US."
  type        = string
  default     = null

  validation {
    condition     = var.preferred_locale == null || can(regex("^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", var.preferred_locale))
    error_message = "preferred_locale must be a language tag such as en-US."
  }
}

variable "preferred_currency" {
  description = "Which of a product's prices Klaviyo shows, such as USD."
  type        = string
  default     = null

  validation {
    condition     = var.preferred_currency == null || can(regex("^[A-Z]{3}$", var.preferred_currency))
    error_message = "preferred_currency must be three capital letters such as USD."
  }
}

variable "product_url_template" {
  description = "A product's page, with {{productSlug}} where its slug goes: https://example.com/p/{{productSlug}}."
  type        = string
  default     = null

  validation {
    condition     = var.product_url_template == null || can(regex("^https?://[^/[:space:]]+/[^[:space:]]*\\{\\{productSlug\\}\\}[^[:space:]]*$", var.product_url_template))
    error_message = "product_url_template must be a URL such as https://example.com/p/{{productSlug}}."
  }
}

variable "config" {
  description = "What differs from config/default.json, with the same keys. The message types in it are subscribed to, too."
  type        = any
  default     = {}

  validation {
    condition     = can(keys(var.config))
    error_message = "config must be an object such as { disabledEvents = [\"OrderRefunded\"] }."
  }
}

variable "config_env" {
  description = "An overlay in config/: production for config/production.json."
  type        = string
  default     = null

  validation {
    condition     = var.config_env == null || can(regex("^[a-z0-9_-]+$", var.config_env)) && fileexists("${path.module}/../config/${coalesce(var.config_env, "default")}.json")
    error_message = "config_env must name a file in config/, in lower-case letters, digits, hyphens and underscores: production for config/production.json."
  }
}

# The functions

variable "leave_out" {
  description = "Realtime functions not to deploy, such as [\"inventoryevents\"]. To leave out one that is deployed deletes its topic and subscriptions, with what waits in them."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.leave_out, ["customerevents", "orderevents", "paymentevents", "categoryevents", "productevents", "inventoryevents"])) == 0
    error_message = "leave_out takes customerevents, orderevents, paymentevents, categoryevents, productevents and inventoryevents."
  }
}

variable "scaling" {
  description = "How far a function scales, by its name: { orderevents = { min_instances = 1 } }. The defaults suit Klaviyo's limits."
  type = map(object({
    min_instances = optional(number)
    max_instances = optional(number)
    concurrency   = optional(number)
  }))
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.scaling), ["customerevents", "orderevents", "paymentevents", "categoryevents", "productevents", "inventoryevents", "bulksync", "bulkworker"])) == 0
    error_message = "scaling takes the names of the functions: customerevents, orderevents, paymentevents, categoryevents, productevents, inventoryevents, bulksync and bulkworker."
  }

  validation {
    condition = alltrue([for s in var.scaling : alltrue([
      coalesce(s.min_instances, 0) >= 0,
      coalesce(s.max_instances, 1) >= 1,
      coalesce(s.min_instances, 0) <= coalesce(s.max_instances, 1000),
      coalesce(s.concurrency, 1) >= 1 && coalesce(s.concurrency, 1) <= 1000,
      alltrue([for n in [s.min_instances, s.max_instances, s.concurrency] : floor(coalesce(n, 1)) == coalesce(n, 1)]),
    ])])
    error_message = "scaling must have whole numbers: min_instances from 0, max_instances from 1 and not below min_instances, and concurrency from 1 to 1000."
  }

  # BulkWorker has 512 MiB for the batches that it holds.
  validation {
    condition     = try(coalesce(var.scaling["bulkworker"].concurrency, 1), 1) <= 4
    error_message = "scaling: bulkworker's concurrency must be at most 4, since its tasks share 512 MiB."
  }
}

variable "log_level" {
  description = "What is logged: info, or debug for more. Not less, since alerts and metrics read lines of INFO and WARNING."
  type        = string
  default     = "info"

  validation {
    condition     = contains(["debug", "info"], var.log_level)
    error_message = "log_level must be debug or info: alerts and metrics read lines of INFO and WARNING."
  }
}

# Imports

variable "bulksync_invokers" {
  description = "Who may start, stop and watch imports, as IAM members: [\"group:shop@example.com\"]."
  type        = set(string)
  default     = []

  # Imports can delete a whole catalog. They are never open to everybody.
  validation {
    condition     = alltrue([for member in var.bulksync_invokers : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):.+$", member))])
    error_message = "bulksync_invokers must be IAM members such as group:shop@example.com; allUsers and allAuthenticatedUsers are refused."
  }
}

variable "nightly_imports" {
  description = "Imports at night of what changed lately: which resources (customers, orders, categories, products; none by default), when (a cron expression, a time zone), and how far back. Products and orders start half an hour later, after categories and customers."
  type = object({
    resources = optional(set(string), [])
    schedule  = optional(string, "0 3 * * *")
    time_zone = optional(string, "Etc/UTC")
    since     = optional(string, "26h")
  })
  default = {}

  validation {
    condition     = length(setsubtract(var.nightly_imports.resources, ["customers", "orders", "categories", "products"])) == 0
    error_message = "nightly_imports.resources takes customers, orders, categories and products."
  }

  validation {
    condition     = can(regex("^[12]?[0-9]( \\S+){4}$", var.nightly_imports.schedule))
    error_message = "nightly_imports.schedule must be a cron expression of five fields such as 0 3 * * *, whose minute is a number from 0 to 29."
  }

  validation {
    condition     = can(regex("^[1-9][0-9]{0,3}h$", var.nightly_imports.since))
    error_message = "nightly_imports.since must be a number of hours such as 26h, a little more than the time between two imports, and at most 9999h."
  }
}

# Alerts

variable "alert_emails" {
  description = "Whom alerts are sent to."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "alert_emails must be email addresses."
  }
}

variable "notification_channels" {
  description = "Channels of Cloud Monitoring that are there already, such as projects/PROJECT/notificationChannels/123."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "notification_channels must be full names such as projects/PROJECT/notificationChannels/123."
  }
}

variable "oldest_message_minutes" {
  description = "How long a message may wait before an alert goes off."
  type        = number
  default     = 30

  validation {
    condition     = var.oldest_message_minutes >= 5 && var.oldest_message_minutes <= 1440
    error_message = "oldest_message_minutes must be from 5 to 1440."
  }
}
