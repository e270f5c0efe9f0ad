package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ctklaviyo/connector/shared/settings"
)

// subscription is what a commercetools subscription says, its lists in order, so that two can be compared.
type subscription struct {
	Key         string      `json:"key"`
	Destination destination `json:"destination"`
	// Format is Platform or CloudEvents.
	Format string `json:"format"`
	// Messages and Events are types by resource type; no types are all there are.
	Messages map[string][]string `json:"messages"`
	// Changes are the resource types whose creations, updates and deletions are published.
	Changes []string            `json:"changes"`
	Events  map[string][]string `json:"events"`
}

// destination is where commercetools publishes. Of other types than Pub/Sub only the type is known here: the rest may
// hold a password.
type destination struct {
	Type    string `json:"type"`
	Project string `json:"project,omitempty"`
	Topic   string `json:"topic,omitempty"`
}

const (
	pubSub         = "GoogleCloudPubSub"
	platformFormat = "Platform"
	none           = "none"
)

func (d destination) String() string {
	if d.Type != pubSub {
		return cmp.Or(d.Type, "unknown")
	}

	return "projects/" + d.Project + "/topics/" + d.Topic
}

// trigger is what one realtime function is told of.
type trigger struct {
	function string
	resource string
	messages []string
	changes  bool
}

// triggers says the same as terraform/*events.tf, from the same config file; a test compares them.
func triggers(c settings.Config) []trigger {
	return []trigger{
		{
			function: "customerevents", resource: "customer", changes: true,
			messages: slices.Concat([]string{"CustomerCreated", "CustomerCompanyNameSet"}, c.Customer.Messages.AddressChanged),
		},
		{function: "orderevents", resource: "order", messages: slices.Concat(c.Order.Messages.Created, c.Order.Messages.Changed)},
		{
			function: "paymentevents", resource: "payment",
			messages: slices.Concat(c.Payment.Messages.TransactionAdded, c.Payment.Messages.TransactionChanged),
		},
		{function: "categoryevents", resource: "category", changes: true, messages: c.Category.Messages.Created},
		{
			function: "productevents", resource: "product", changes: true, // A deletion comes as a notification only.
			messages: slices.Concat(c.Product.Messages.Published, c.Product.Messages.Deleted),
		},
		{function: "inventoryevents", resource: "inventory-entry", changes: true}, // Orders change the stock without a message.
	}
}

// subscription is what makes commercetools tell the function. Key, topic and function have one name.
func (t trigger) subscription(prefix, project string) subscription {
	s := subscription{
		Key:         t.key(prefix),
		Destination: destination{Type: pubSub, Project: project, Topic: t.key(prefix)},
		Format:      platformFormat,
	}

	if len(t.messages) > 0 {
		s.Messages = map[string][]string{t.resource: ordered(t.messages)}
	}

	if t.changes {
		s.Changes = []string{t.resource}
	}

	return s
}

func (t trigger) key(prefix string) string { return prefix + "-" + t.function }

// keysOf are the keys of a prefix: those of the functions, and not all that begin alike. The prefix ctk must not take
// ctk-prod's for its own.
func keysOf(prefix string) []string {
	var keys []string
	for _, t := range triggers(settings.Config{}) {
		keys = append(keys, t.key(prefix))
	}

	return keys
}

// empty tells whether the config file leaves nothing to subscribe to, which commercetools refuses.
func (t trigger) empty() bool { return len(t.messages) == 0 && !t.changes }

func ordered(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// field is a part of a subscription, in a person's words.
type field struct{ name, value string }

func (s subscription) fields() []field {
	return []field{
		{"destination", s.Destination.String()},
		{"format", cmp.Or(s.Format, "unknown")},
		{"messages", typesText(s.Messages, "; ")},
		{"changes", cmp.Or(strings.Join(s.Changes, ", "), none)},
		{"events", typesText(s.Events, "; ")},
	}
}

// typesText is such as "order: OrderCreated, OrderImported".
func typesText(types map[string][]string, between string) string {
	var parts []string

	for _, resource := range slices.Sorted(maps.Keys(types)) {
		parts = append(parts, fmt.Sprintf("%s: %s", resource, cmp.Or(strings.Join(types[resource], ", "), "all")))
	}

	return cmp.Or(strings.Join(parts, between), none)
}
