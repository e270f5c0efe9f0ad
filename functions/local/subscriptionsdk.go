package main

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/labd/commercetools-go-sdk/platform"
)

const (
	healthy         = string(platform.SubscriptionHealthStatusHealthy)
	deliveryStopped = string(platform.SubscriptionHealthStatusConfigurationErrorDeliveryStopped)
)

// keptSubscription is a subscription as commercetools keeps it.
type keptSubscription struct {
	subscription

	ID      string `json:"id"`
	Version int    `json:"version"`
	// Status is such as Healthy or ConfigurationError.
	// Source: https://docs.commercetools.com/api/projects/subscriptions#subscriptionhealthstatus.
	Status string `json:"status"`
}

// keptOf reads the SDK's subscription.
func keptOf(s platform.Subscription) keptSubscription {
	kept := keptSubscription{
		subscription: subscription{
			Format:   typed(s.Format).Type,
			Messages: map[string][]string{},
			Changes:  []string{},
			Events:   map[string][]string{},
		},
		ID: s.ID, Version: s.Version, Status: string(s.Status),
	}

	if s.Key != nil {
		kept.Key = *s.Key
	}

	if to := typed(s.Destination); to.Type == pubSub {
		kept.Destination = destination{Type: to.Type, Project: to.ProjectID, Topic: to.Topic}
	} else {
		kept.Destination.Type = to.Type
	}

	for _, m := range s.Messages {
		add(kept.Messages, string(m.ResourceTypeId), m.Types)
	}

	for _, e := range s.Events {
		add(kept.Events, string(e.ResourceTypeId), e.Types)
	}

	for _, c := range s.Changes {
		kept.Changes = append(kept.Changes, string(c.ResourceTypeId))
	}

	kept.Changes = ordered(kept.Changes)

	return kept
}

// union is what the values of the SDK's unions have in common, which it has no type for.
type union struct {
	Type      string `json:"type"`
	ProjectID string `json:"projectId"`
	Topic     string `json:"topic"`
}

func typed(value any) union {
	var u union

	if raw, err := json.Marshal(value); err == nil {
		_ = json.Unmarshal(raw, &u) // Without a type it is unknown.
	}

	return u
}

// add adds types of a resource to those that are there; no types are all.
func add[T ~string](all map[string][]string, resource string, types []T) {
	there, known := all[resource]
	if len(types) == 0 || known && len(there) == 0 {
		all[resource] = []string{}

		return
	}

	for _, t := range types {
		there = append(there, string(t))
	}

	all[resource] = ordered(there)
}

func draft(s subscription) platform.SubscriptionDraft {
	return platform.SubscriptionDraft{
		Key:         &s.Key,
		Destination: pubSubOf(s.Destination),
		Format:      platform.PlatformFormat{},
		Messages:    messagesOf(s),
		Changes:     changesOf(s),
	}
}

// actions bring a subscription to what is wanted. Those that take something come last: commercetools refuses a subscription
// that is without anything in between, too.
func actions(want subscription, differences []difference) []platform.SubscriptionUpdateAction {
	var give, take []platform.SubscriptionUpdateAction

	for _, d := range differences {
		into := &give
		if d.to == none {
			into = &take
		}

		switch d.name {
		case "destination", "status":
			*into = append(*into, platform.SubscriptionChangeDestinationAction{Destination: pubSubOf(want.Destination)})
		case "messages":
			*into = append(*into, platform.SubscriptionSetMessagesAction{Messages: messagesOf(want)})
		case "changes":
			*into = append(*into, platform.SubscriptionSetChangesAction{Changes: changesOf(want)})
		case "events":
			*into = append(*into, platform.SubscriptionSetEventsAction{Events: []platform.EventSubscription{}})
		}
	}

	return append(give, take...)
}

func pubSubOf(d destination) platform.GoogleCloudPubSubDestination {
	return platform.GoogleCloudPubSubDestination{ProjectId: d.Project, Topic: d.Topic}
}

func messagesOf(s subscription) []platform.MessageSubscription {
	messages := []platform.MessageSubscription{}
	for _, resource := range slices.Sorted(maps.Keys(s.Messages)) {
		messages = append(messages, platform.MessageSubscription{
			ResourceTypeId: platform.MessageSubscriptionResourceTypeId(resource), Types: s.Messages[resource],
		})
	}

	return messages
}

func changesOf(s subscription) []platform.ChangeSubscription {
	changes := []platform.ChangeSubscription{}
	for _, resource := range s.Changes {
		changes = append(changes, platform.ChangeSubscription{ResourceTypeId: platform.ChangeSubscriptionResourceTypeId(resource)})
	}

	return changes
}
