package klaviyo

import (
	"encoding/json"
	"time"
)

// Event is one event of a profile. Klaviyo records an event of the same metric, profile and unique id once.
// Source: https://developers.klaviyo.com/en/reference/create_event.
type Event struct {
	// Metric is the event's name, such as "Placed Order".
	Metric string
	// UniqueID tells a repetition from another event.
	UniqueID string
	Profile  EventProfile
	// Time is when it happened; Klaviyo keeps whole seconds. The zero time is when the request arrives.
	Time time.Time
	// Value is an exact decimal number, such as 19.99, in ValueCurrency (ISO 4217); Klaviyo adds it up. "" is none.
	Value         json.Number
	ValueCurrency string
	// Properties hold at most 400 keys; Klaviyo ignores null and "".
	Properties map[string]json.RawMessage
	// Backfill records the event without starting flows.
	Backfill bool
}

// EventProfile says whose event it is; at least one identifier has to be there.
type EventProfile struct {
	Email      string    `json:"email,omitempty"`
	ExternalID string    `json:"external_id,omitempty"`
	Location   *Location `json:"location,omitempty"`
}
