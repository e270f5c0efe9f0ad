resource "google_monitoring_alert_policy" "dead" {
  project               = var.deployment.project
  display_name          = "${local.name}: dead letters"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = var.settings.notification_channels

  conditions {
    display_name = "there are messages in ${local.dead_messages}"

    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.dead.name}\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = <<-EOT
      Messages of commercetools were delivered to **${local.name}** in vain 100 times, for some 16 hours. They wait in
      `${local.dead_messages}` for 31 days, then they are gone.

      1. Why: look at the log of ${local.name} for `jsonPayload.outcome="later"`; `reason` and `error` say what was in the way.
         `klaviyo_unavailable` with status 401 or 403 is the key, `commercetools_unavailable` with 401 or 403 the API client,
         `not_configured` a setting.
      2. Mend it, and see in the log that newer messages are done.
      3. Replay the dead letters ("Replay" in terraform/README.md), in the repository's root. Set the deployment's variables
         with `eval "$(terraform -chdir=terraform output -raw parked_settings)"`, then:
         `PARKED_SUBSCRIPTION=projects/${var.deployment.project}/subscriptions/${google_pubsub_subscription.dead.name} go run ./functions/local parked replay`.
         The functions are idempotent; a message too many does no harm.
    EOT
  }
}

resource "google_monitoring_alert_policy" "old" {
  project               = var.deployment.project
  display_name          = "${local.name}: messages wait"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = var.settings.notification_channels

  conditions {
    display_name = "the oldest message waits for more than ${var.settings.oldest_message_minutes} minutes"

    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.push.name}\" AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      comparison      = "COMPARISON_GT"
      threshold_value = var.settings.oldest_message_minutes * 60
      duration        = "300s"

      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = <<-EOT
      A message of commercetools has been waiting for **${local.name}** for more than ${var.settings.oldest_message_minutes} minutes.
      Nothing is lost: Pub/Sub delivers it again, at least every 10 minutes, for some 16 hours; then it is a dead letter.

      1. Is it all messages or one? Look at the log of ${local.name}: `outcome`, `reason`, `resource_id` and `attempt`.
      2. All, with `klaviyo_unavailable` or `commercetools_unavailable`: is it an outage (their status pages), or status 401 or
         403, which is the key or the API client? It catches up by itself once that is mended.
      3. All, and the requests end with 403 before the function's own log: Pub/Sub may not call it. Run `terraform apply`.
      4. More than the function can do, such as an import into commercetools: raise `scaling` for it, within Klaviyo's limits.
      5. One, and always the same: `error` says why. Mend the record in commercetools, or the code.
    EOT
  }
}
