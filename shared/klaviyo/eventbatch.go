package klaviyo

import (
	"cmp"
	"context"
	"errors"
	"strings"
)

// ErrEventTooLarge is what a batch answers to an event that would not fit into an empty one either.
var ErrEventTooLarge = errors.New("klaviyo: the event is larger than 5 MB")

// eventForm is by the OpenAPI description of bulk_create_events.
func eventForm() form {
	f := form{kind: "event-bulk-create-job", list: "events-bulk-create", maxRows: 1_000, tooLarge: ErrEventTooLarge}
	f.maxRow = f.room()

	return f
}

// EventBatch is the body of a bulk request: at most 1,000 events and 5 MB. Each event is encoded once, into one buffer, from
// which [Client.ImportEvents] sends. The zero value is an empty batch.
//
// No two rows of a batch are the same event, because Klaviyo would refuse all of them. See [EventBatch.Add].
type EventBatch struct {
	rows

	// seen has the row of each event.
	seen map[eventKey]int
}

// eventKey is what Klaviyo knows an event by, with one of the profile's identifiers.
type eventKey struct {
	metric, unique string
	profile        identifier
}

// eventRow is an event as a bulk request has it: a profile of its own with one event. Either may say that it is history;
// Klaviyo does not document which of them counts.
type eventRow struct {
	Backfill bool                 `json:"backfill,omitempty"`
	Profile  document[resource]   `json:"profile"`
	Events   document[[]resource] `json:"events"`
}

// Add adds an event. ref is the caller's name for it, which [Refused] and [DuplicateError] give back; it is not sent.
// Nothing is added when it returns an error:
//
//   - [ErrBatchFull]: send this batch, and add the event to another one;
//   - [ErrEventTooLarge]: it can't be sent at all;
//   - *[DuplicateError]: an earlier row has this unique id (without one: this second), metric and external id or email (in
//     any case).
func (b *EventBatch) Add(ref string, e Event) error {
	attributes := attributesOf(e)
	keys := eventKeys(e, attributes.Time)

	for _, key := range keys {
		if earlier, taken := b.seen[key]; taken {
			return &DuplicateError{Field: "unique_id", Ref: b.list[earlier].ref}
		}
	}

	err := b.add(eventForm(), ref, resource{Type: "event-bulk-create", Attributes: eventRow{
		Backfill: e.Backfill,
		Profile:  document[resource]{profileOf(e)},
		Events:   document[[]resource]{[]resource{{Type: eventType, Attributes: attributes}}},
	}})
	if err != nil {
		return err
	}

	if b.seen == nil {
		b.seen = map[eventKey]int{}
	}

	for _, key := range keys {
		b.seen[key] = b.Len() - 1
	}

	return nil
}

// eventKeys are what the event must not have in common with another one: Klaviyo may know its profile by any identifier.
func eventKeys(e Event, time string) []eventKey {
	key := eventKey{metric: e.Metric, unique: cmp.Or(e.UniqueID, time)}
	keys := make([]eventKey, 0, 2)

	if e.Profile.ExternalID != "" {
		key.profile = identifier{"external_id", e.Profile.ExternalID}
		keys = append(keys, key)
	}

	if e.Profile.Email != "" {
		key.profile = identifier{"email", strings.ToLower(e.Profile.Email)}
		keys = append(keys, key)
	}

	return keys
}

// ImportEvents records the events of a batch. Klaviyo looks them all over at once and takes none when one is malformed; those
// that it points at come back as refused, and the rest is sent again. Every other answer is an *[Error]; a 400 that points at
// no event says, for one, that two of them are the same, and then [Client.CreateEvent] takes one and drops the other.
//
// There is no job to ask for: like a single event, an event is recorded later, once, whichever way and how often it was sent.
// Limits: 10/s and 150/min.
func (c *Client) ImportEvents(ctx context.Context, b *EventBatch) (refused []Refused, err error) {
	_, refused, err = c.sendRows(ctx, bulkCreateEvents, eventForm(), &b.rows, nil)

	return refused, err
}
