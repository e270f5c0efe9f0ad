package commercetoolstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// subscriptions is the one endpoint that can be written to.
const subscriptions = "subscriptions"

// subscription is one as it is kept and sent.
type subscription struct {
	ID             string `json:"id"`
	Version        int    `json:"version"`
	CreatedAt      string `json:"createdAt,omitempty"`
	LastModifiedAt string `json:"lastModifiedAt,omitempty"`
	Status         string `json:"status"`
	subscriptionDraft
}

// subscriptionDraft is what a client says.
type subscriptionDraft struct {
	Key         string          `json:"key,omitempty"`
	Destination json.RawMessage `json:"destination"`
	Format      json.RawMessage `json:"format,omitempty"`
	Messages    []selection     `json:"messages"`
	Changes     []selection     `json:"changes"`
	Events      []selection     `json:"events"`
}

// selection is a resource type, and for messages and events which of them; none is all.
type selection struct {
	ResourceTypeID string   `json:"resourceTypeId"`
	Types          []string `json:"types,omitempty"`
}

// subscriptionAction is any update action.
type subscriptionAction struct {
	Action      string          `json:"action"`
	Destination json.RawMessage `json:"destination"`
	Messages    []selection     `json:"messages"`
	Changes     []selection     `json:"changes"`
	Events      []selection     `json:"events"`
}

// newSubscription is what becomes of a draft.
func newSubscription(draft subscriptionDraft, now time.Time) subscription {
	if draft.Format == nil {
		draft.Format = json.RawMessage(`{"type":"Platform"}`)
	}

	return subscription{
		ID:                newUUID(rand.Uint64(), rand.Uint64()).String(),
		Version:           1,
		CreatedAt:         instant(now),
		LastModifiedAt:    instant(now),
		Status:            "Healthy",
		subscriptionDraft: draft,
	}
}

// check finds what commercetools would refuse.
func (d subscriptionDraft) check() error {
	var destination struct {
		Type      string `json:"type"`
		ProjectID string `json:"projectId"`
		Topic     string `json:"topic"`
	}

	switch err := json.Unmarshal(d.Destination, &destination); {
	case err != nil:
		return fmt.Errorf("destination: %w", err)
	case destination.Type != "GoogleCloudPubSub":
		return fmt.Errorf("destination: the type %q is not served here", destination.Type)
	case destination.ProjectID == "" || destination.Topic == "" || strings.Contains(destination.Topic, "/"):
		return errors.New("destination: it needs a projectId, and a topic's name")
	case len(d.Messages)+len(d.Changes)+len(d.Events) == 0:
		return errors.New("it must contain at least one of messages, changes and events")
	case slices.ContainsFunc(d.Changes, func(s selection) bool { return s.Types != nil }):
		return errors.New("changes: they have no types")
	default:
		return nil
	}
}

// update does the actions one after the other. None may leave the subscription without anything to send, also when the
// next one would mend it.
func (s *subscription) update(actions []subscriptionAction, now time.Time) error {
	for _, a := range actions {
		switch a.Action {
		case "changeDestination":
			s.Destination, s.Status = a.Destination, "Healthy"
		case "setMessages":
			s.Messages = a.Messages
		case "setChanges":
			s.Changes = a.Changes
		case "setEvents":
			s.Events = a.Events
		default:
			return fmt.Errorf("the action %q is not served here", a.Action)
		}

		if err := s.check(); err != nil {
			return err
		}
	}

	s.Version++
	s.LastModifiedAt = instant(now)

	return nil
}

// strictly decodes JSON whose keys must all be known.
func strictly(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()

	if err := d.Decode(into); err != nil {
		return fmt.Errorf("request body does not contain valid JSON: %w", err)
	}

	return nil
}
