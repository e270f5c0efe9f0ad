package klaviyo

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

const eventType = "event"

// eventAttributes is an event as JSON:API wants it.
type eventAttributes struct {
	// Properties have to be there, if only as {}.
	Properties    map[string]json.RawMessage `json:"properties"`
	Time          string                     `json:"time,omitempty"`
	Value         json.Number                `json:"value,omitempty"`
	ValueCurrency string                     `json:"value_currency,omitempty"`
	UniqueID      string                     `json:"unique_id,omitempty"`
	Backfill      bool                       `json:"backfill,omitempty"`
	Metric        document[resource]         `json:"metric"`
	// Profile is not here when the event is a row.
	Profile *document[resource] `json:"profile,omitempty"`
}

type metricAttributes struct {
	Name string `json:"name"`
}

// CreateEvent records an event. Klaviyo looks it over at once (an *[Error] of status 400 points at what is wrong, 413 is
// one of more than 5 MB), and records it later. Of events with the same metric, profile and unique id it records the first,
// so that an event may be sent again. The profile gets what the event says of it, or is created.
// Limits: 350/s and 3500/min; 5 MB, 95 KB of it for the profile.
func (c *Client) CreateEvent(ctx context.Context, e Event) error {
	attributes := attributesOf(e)
	attributes.Profile = &document[resource]{profileOf(e)}

	body, err := encode(document[resource]{resource{Type: eventType, Attributes: attributes}})
	if err != nil {
		return err
	}

	return c.send(ctx, request{operation: createEvent, method: http.MethodPost, path: "/api/events", body: body}, nil)
}

func profileOf(e Event) resource { return resource{Type: profileType, Attributes: e.Profile} }

func attributesOf(e Event) eventAttributes {
	a := eventAttributes{
		Properties:    e.Properties,
		Value:         e.Value,
		ValueCurrency: e.ValueCurrency,
		UniqueID:      e.UniqueID,
		Backfill:      e.Backfill,
		Metric:        document[resource]{resource{Type: "metric", Attributes: metricAttributes{e.Metric}}},
	}

	if a.Properties == nil {
		a.Properties = map[string]json.RawMessage{}
	}

	if !e.Time.IsZero() {
		a.Time = e.Time.UTC().Format(time.RFC3339) // which leaves the fraction of the second out
	}

	return a
}
