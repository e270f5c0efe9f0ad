# The trigger loses no message, and lets nobody in but commercetools and Pub/Sub.

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}
mock_provider "commercetools" {}

variables {
  deployment = { project = "my-shop", region = "europe-west1" }
  function   = { id = "projects/my-shop/locations/europe-west1/functions/ctklaviyo-orderevents", name = "ctklaviyo-orderevents", uri = "https://orderevents-abcdefghij-ew.a.run.app", timeout = 60 }
  resource   = "order"
  messages   = ["OrderCreated", "OrderStateChanged"]
  settings = {
    subscribe              = true
    pubsub_agent           = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
    retention              = "2678400s"
    notification_channels  = ["projects/my-shop/notificationChannels/1"]
    oldest_message_minutes = 30
  }
}

run "keeps_every_message" {
  command = plan
  module { source = "./modules/trigger" }

  assert {
    condition     = google_pubsub_subscription.push.ack_deadline_seconds > var.function.timeout
    error_message = "Pub/Sub delivers a second copy while the function still works on the first."
  }
  assert {
    condition     = google_pubsub_subscription.push.ack_deadline_seconds <= 600
    error_message = "Pub/Sub takes no ack deadline of more than 600 seconds."
  }
  assert {
    condition     = alltrue([for s in [google_pubsub_subscription.push, google_pubsub_subscription.dead] : s.message_retention_duration == var.settings.retention])
    error_message = "A message is gone before its time is over."
  }
  assert {
    condition     = alltrue([for s in [google_pubsub_subscription.push, google_pubsub_subscription.dead] : s.expiration_policy[0].ttl == ""])
    error_message = "A subscription without traffic is deleted after a month, with what comes later."
  }
  assert {
    condition     = google_pubsub_subscription.push.retry_policy[0].minimum_backoff == "10s" && google_pubsub_subscription.push.retry_policy[0].maximum_backoff == "600s"
    error_message = "Without backoff 100 attempts are over within seconds, and an outage makes dead letters of everything."
  }
  assert {
    condition     = google_pubsub_subscription.push.dead_letter_policy[0].max_delivery_attempts == 100
    error_message = "Fewer than 100 attempts don't outlast a night's outage."
  }
}

run "keeps_dead_letters" {
  command = plan
  module { source = "./modules/trigger" }

  assert {
    condition     = google_pubsub_topic.dead.name != google_pubsub_topic.messages.name
    error_message = "Dead letters go back to where they came from."
  }
  assert {
    condition     = google_pubsub_subscription.dead.name == google_pubsub_topic.dead.name
    error_message = "Whoever knows the topic of the dead letters no longer knows its subscription."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.dead.topic == google_pubsub_topic.dead.name && google_pubsub_topic_iam_member.dead.role == "roles/pubsub.publisher" && google_pubsub_topic_iam_member.dead.member == var.settings.pubsub_agent
    error_message = "Pub/Sub may not publish dead letters."
  }
  assert {
    condition     = google_pubsub_subscription_iam_member.dead.subscription == google_pubsub_subscription.push.name && google_pubsub_subscription_iam_member.dead.role == "roles/pubsub.subscriber" && google_pubsub_subscription_iam_member.dead.member == var.settings.pubsub_agent
    error_message = "Pub/Sub may not take dead letters off the subscription, and delivers them for ever."
  }
}

run "calls_the_function_with_a_token" {
  command = plan
  module { source = "./modules/trigger" }

  assert {
    condition     = google_pubsub_subscription.push.push_config[0].push_endpoint == var.function.uri
    error_message = "The messages go elsewhere."
  }
  assert {
    condition     = google_pubsub_subscription.push.push_config[0].oidc_token[0].audience == var.function.uri
    error_message = "Cloud Run refuses a token for another audience than its own URL."
  }
  assert {
    condition     = google_cloud_run_service_iam_member.push.service == var.function.name && google_cloud_run_service_iam_member.push.role == "roles/run.invoker" && google_cloud_run_service_iam_member.push.member == google_service_account.push.member
    error_message = "Pub/Sub may not call the function, or somebody else may."
  }
  assert {
    condition     = google_service_account_iam_member.push_token.role == "roles/iam.serviceAccountOpenIdTokenCreator" && google_service_account_iam_member.push_token.member == var.settings.pubsub_agent
    error_message = "Pub/Sub gets no token, or more than that."
  }
}

run "takes_messages_of_commercetools_only" {
  command = plan
  module { source = "./modules/trigger" }

  assert {
    condition     = google_pubsub_topic_iam_member.commercetools.role == "roles/pubsub.publisher" && google_pubsub_topic_iam_member.commercetools.member == "serviceAccount:subscriptions@commercetools-platform.iam.gserviceaccount.com"
    error_message = "commercetools may not publish, or somebody else may."
  }
  assert {
    condition     = commercetools_subscription.this[0].destination[0].topic == google_pubsub_topic.messages.name
    error_message = "commercetools publishes elsewhere."
  }
  assert {
    condition     = length(commercetools_subscription.this[0].changes) == 0 && one(commercetools_subscription.this[0].message).types == tolist(["OrderCreated", "OrderStateChanged"])
    error_message = "The subscription is not to the messages that were asked for."
  }
}

# commercetools refuses a block without types, and the provider reads several blocks of changes back as one.
run "changes_without_messages" {
  command = plan
  module { source = "./modules/trigger" }
  variables {
    resource = "inventory-entry"
    messages = []
    changes  = true
  }

  assert {
    condition     = length(commercetools_subscription.this[0].message) == 0 && one(commercetools_subscription.this[0].changes).resource_type_ids == tolist(["inventory-entry"])
    error_message = "The subscription is not to the changes alone."
  }
}

run "neither_messages_nor_changes" {
  command = plan
  module { source = "./modules/trigger" }
  variables {
    messages = []
  }

  assert {
    condition     = length(commercetools_subscription.this) == 0
    error_message = "commercetools refuses a subscription to nothing."
  }
}

run "without_the_commercetools_subscription" {
  command = plan
  module { source = "./modules/trigger" }
  variables {
    settings = {
      subscribe              = false
      pubsub_agent           = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
      retention              = "2678400s"
      notification_channels  = []
      oldest_message_minutes = 30
    }
  }

  assert {
    condition     = length(commercetools_subscription.this) == 0
    error_message = "Terraform creates a subscription that somebody else keeps."
  }
}

run "alerts_tell_what_to_do" {
  command = plan
  module { source = "./modules/trigger" }

  assert {
    condition     = alltrue([for p in [google_monitoring_alert_policy.dead, google_monitoring_alert_policy.old] : length(p.documentation[0].content) > 200 && p.notification_channels == var.settings.notification_channels])
    error_message = "An alert goes to nobody, or comes without a playbook."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.dead.conditions[0].condition_threshold[0].filter, "\"${google_pubsub_subscription.dead.name}\"")
    error_message = "The alert looks at another subscription than the dead letters'."
  }
}

run "a_function_that_takes_too_long" {
  command = plan
  module { source = "./modules/trigger" }
  variables {
    function = { id = "projects/my-shop/locations/europe-west1/functions/ctklaviyo-orderevents", name = "ctklaviyo-orderevents", uri = "https://orderevents-abcdefghij-ew.a.run.app", timeout = 600 }
  }

  expect_failures = [var.function]
}
