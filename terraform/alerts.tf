# When a person should look, beside what each trigger watches (modules/trigger). Every alert says what to do.

locals {
  notification_channels = concat([for c in google_monitoring_notification_channel.email : c.id], tolist(var.notification_channels))

  log_alerts = {
    import_failed = {
      title    = "an import failed"
      severity = "ERROR"
      filter   = "${local.worker_log} AND jsonPayload.message=\"import failed\""
      labels   = ["resource", "run", "reason"]
      content  = <<-EOT
        An import could not go on and has ended as failed. What it had sent stays in Klaviyo.

        1. Why: the alert's `reason`, or `GET /sync/{resource}` of BulkSync. 401 or 403 is Klaviyo's key or the API client of
           commercetools, or a scope that one lacks; 404 an address.
        2. Mend it (terraform/README.md: "Rotate a key", "Scopes").
        3. Start the import again; `terraform output start_import` has the command. Nothing doubles.
      EOT
    }

    task_stuck = {
      title    = "a task of an import keeps coming back"
      severity = "WARNING"
      filter   = "${local.worker_log} AND jsonPayload.message=\"task handled\" AND jsonPayload.outcome=\"later\" AND jsonPayload.attempt>=10"
      labels   = ["resource", "run", "shard"]
      content  = <<-EOT
        A task of an import has failed ten times or more. Cloud Tasks delivers it until it is done, so nothing is lost, but
        that part of the import stands still.

        1. Why: `error` in the log of ${var.prefix}-bulkworker, for this run and shard. 429 and 5xx pass by themselves: wait.
        2. A setting that is missing or wrong is named in the line. Mend it and run `terraform apply`; the task goes on.
        3. To give up: `POST /sync/{resource}/stop`. The tasks that are left then do nothing.
        4. A line without a run is of a task that can't be read: it is from a version that isn't deployed now. Deploy that one,
          or delete the task from the queue ${google_cloud_tasks_queue.bulk.name}.
      EOT
    }

    misconfigured = {
      title    = "a function can't start or panics"
      severity = "CRITICAL"
      filter   = "${local.realtime_log} AND jsonPayload.message=\"message handled\" AND jsonPayload.reason=(\"not_configured\" OR \"panic\")"
      labels   = ["function", "reason"]
      content  = <<-EOT
        A function answers 503 to messages of commercetools. They wait in Pub/Sub, for some 16 hours of attempts.

        - `not_configured`: `error` in its log names every setting that is missing or wrong, and for `config` the path of the
          key. Mend it and run `terraform apply`.
        - `panic`: a mistake in the code; `stack` in the log says where. Go back to the version before: check it out and run
          `terraform apply`.
      EOT
    }

    sync_failed = {
      title    = "BulkSync fails"
      severity = "WARNING"
      filter   = "${local.sync_log} AND jsonPayload.message=(\"sync request failed\" OR \"lock not released\")"
      labels   = ["resource", "run"]
      content  = <<-EOT
        A request to start, stop or watch an import could not be carried out.

        1. Why: `error` in the log of ${var.prefix}-bulksync. Firestore and Cloud Tasks are what it needs; a setting that is
           missing is named.
        2. `lock not released`: an import was not started, but looks as if it ran. Stop it (`POST /sync/{resource}/stop`), or
           wait for the time in `lease`.
      EOT
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  project      = local.project
  display_name = "ctklaviyo ${var.prefix}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
}

resource "google_monitoring_alert_policy" "log" {
  for_each = local.log_alerts

  project               = local.project
  display_name          = "${var.prefix}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.notification_channels

  conditions {
    display_name = each.value.title

    condition_matched_log {
      filter           = each.value.filter
      label_extractors = { for key in each.value.labels : key => "EXTRACT(jsonPayload.${key})" }
    }
  }

  alert_strategy {
    auto_close = "86400s"

    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = each.value.content
  }
}

resource "google_monitoring_alert_policy" "parked" {
  project               = local.project
  display_name          = "${var.prefix}: parked messages"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.notification_channels

  conditions {
    display_name = "there are messages in ${google_pubsub_subscription.parked.name}"

    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.parked.name}\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
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
      Klaviyo refuses a record, or a message can't be read. It was set aside in `${google_pubsub_subscription.parked.name}`,
      where it stays for 31 days; the others go on.

      1. Set the deployment's variables, in the repository's root ("Replay" in terraform/README.md):
         `eval "$(terraform -chdir=terraform output -raw parked_settings)"`. Look, which takes nothing away:
         `go run ./functions/local parked list`. It says which resource, and why.
      2. `klaviyo_rejected`: mend the record in commercetools; the pointer names the field. `conflict`: two profiles in Klaviyo
         share an identifier; merge them. `unreadable`: `error` says what can't be read; make a record
         that is too large smaller, and ask who else publishes to the topic where it is no message of the shop's.
         `unsupported`: `error` says what this connector can't map; what Klaviyo has stays as it is.
      3. `parked replay` in the place of `parked list` handles them again, `parked drop` takes them out. The alert ends when
         none is left.
    EOT
  }
}

resource "google_monitoring_alert_policy" "errors" {
  project               = local.project
  display_name          = "${var.prefix}: error rate"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.notification_channels

  conditions {
    display_name = "more than a quarter of a function's answers are 5xx"

    condition_threshold {
      filter             = "${local.request_count} AND metric.labels.response_code_class = \"5xx\""
      denominator_filter = local.request_count
      comparison         = "COMPARISON_GT"
      threshold_value    = 0.25
      duration           = "600s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }

      denominator_aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = <<-EOT
      For ten minutes more than a quarter of a function's answers were errors. Nothing is lost: Pub/Sub delivers again.

      1. Which: `service_name` of the alert. Why: `reason` and `error` in its log, for `jsonPayload.outcome="later"`.
      2. `klaviyo_unavailable` with 429: others use Klaviyo's limit as well. 5xx: see https://status.klaviyo.com. 401 or 403: the
         key is wrong or lacks a scope.
      3. `commercetools_unavailable` alike: https://status.commercetools.com, or the API client.
      4. `not_configured` names the setting.
    EOT
  }
}
