# Metrics from the lines that the functions log, for dashboards and for alerts of your own. Cloud Monitoring has them as
# logging.googleapis.com/user/PREFIX/NAME. What they read is named in shared/logging/names.go; a test compares the two.

locals {
  realtime_log = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^${var.prefix}-(customer|order|payment|category|product|inventory)events$\""
  # shared/delivery, functions/bulkworker, functions/bulksync and shared/bulk write these.
  worker_log = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.prefix}-bulkworker\""
  sync_log   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.prefix}-bulksync\""

  # Of the functions whose 5xx is a failure: BulkWorker answers 503 on purpose; its alerts are those of the log.
  request_count = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = monitoring.regex.full_match(\"${var.prefix}-((customer|order|payment|category|product|inventory)events|bulksync)\") AND metric.type = \"run.googleapis.com/request_count\""
}

resource "google_logging_metric" "messages" {
  project     = local.project
  name        = "${var.prefix}/messages"
  description = "Messages of commercetools by what became of them: done, later or parked, and why."
  filter      = "${local.realtime_log} AND jsonPayload.message=\"message handled\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = ["function", "outcome", "reason", "type"]

      content {
        key = labels.value
      }
    }
  }

  label_extractors = { for key in ["function", "outcome", "reason", "type"] : key => "EXTRACT(jsonPayload.${key})" }
}

resource "google_logging_metric" "message_time" {
  project         = local.project
  name            = "${var.prefix}/message_milliseconds"
  description     = "How long a message took."
  filter          = "${local.realtime_log} AND jsonPayload.message=\"message handled\""
  value_extractor = "EXTRACT(jsonPayload.milliseconds)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "ms"

    labels {
      key = "function"
    }
  }

  label_extractors = { function = "EXTRACT(jsonPayload.function)" }

  # 1 ms to 65 s.
  bucket_options {
    exponential_buckets {
      num_finite_buckets = 32
      growth_factor      = 1.414
      scale              = 1
    }
  }
}

resource "google_logging_metric" "message_requests" {
  project         = local.project
  name            = "${var.prefix}/message_requests"
  description     = "How many requests to commercetools and Klaviyo a message took, repeats included."
  filter          = "${local.realtime_log} AND jsonPayload.message=\"message handled\""
  value_extractor = "EXTRACT(jsonPayload.requests)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "1"

    labels {
      key = "function"
    }
  }

  label_extractors = { function = "EXTRACT(jsonPayload.function)" }

  # 1 to 256.
  bucket_options {
    exponential_buckets {
      num_finite_buckets = 16
      growth_factor      = 1.414
      scale              = 1
    }
  }
}

resource "google_logging_metric" "tasks" {
  project     = local.project
  name        = "${var.prefix}/tasks"
  description = "Deliveries of an import's tasks by what became of them: done, later or cut_off."
  filter      = "${local.worker_log} AND jsonPayload.message=\"task handled\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = ["outcome", "resource"]

      content {
        key = labels.value
      }
    }
  }

  label_extractors = { for key in ["outcome", "resource"] : key => "EXTRACT(jsonPayload.${key})" }
}
