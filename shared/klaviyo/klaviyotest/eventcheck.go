package klaviyotest

import (
	"encoding/json"
	"fmt"
	"time"
)

// What Klaviyo takes of an event, by https://developers.klaviyo.com/en/reference/events_api_overview.
const (
	maxProperties   = 400
	maxMetric       = 127
	maxUniqueID     = 255
	maxEventProfile = 95_000
	firstYear       = 2000
)

// sentEvent is an event as it came in.
type sentEvent struct {
	event   Event
	profile map[string]any
}

// decodeEvent reads and looks over an event. (Klaviyo also takes a profile's own id for an identifier; this does not.)
func decodeEvent(body []byte, now time.Time) (sentEvent, []fault) {
	var d struct {
		Data struct {
			Type       string                     `json:"type"`
			Attributes map[string]json.RawMessage `json:"attributes"`
		} `json:"data"`
	}

	if err := json.Unmarshal(body, &d); err != nil || d.Data.Type != "event" {
		return sentEvent{}, []fault{{"A resource of type event with attributes was expected.", "/data"}}
	}

	c := eventCheck{attributes: d.Data.Attributes}
	c.known()

	sent := sentEvent{profile: c.profile(), event: Event{
		Metric:        c.metric(),
		UniqueID:      c.text("unique_id", maxUniqueID),
		Properties:    c.properties(),
		Time:          c.time(now),
		Value:         c.number("value"),
		ValueCurrency: c.text("value_currency", len("EUR")),
	}}
	sent.event.Backfill, _ = c.value("backfill").(bool)

	return sent, c.wrong
}

// eventCheck collects what is wrong with an event.
type eventCheck struct {
	attributes map[string]json.RawMessage
	wrong      []fault
}

func (c *eventCheck) fail(detail, pointer string) {
	c.wrong = append(c.wrong, fault{detail, "/data/attributes/" + pointer})
}

// value is an attribute; nil when it is null or missing.
func (c *eventCheck) value(name string) any {
	var v any

	_ = json.Unmarshal(c.attributes[name], &v) // it is JSON, or missing

	return v
}

func (c *eventCheck) known() {
	for name := range c.attributes {
		switch name {
		case "properties", "time", "value", "value_currency", "unique_id", "backfill", "metric", "profile":
		default:
			c.fail(fmt.Sprintf("'%s' is not a valid field for the resource 'event'.", name), name)
		}
	}
}

func (c *eventCheck) text(name string, most int) string {
	v := c.value(name)

	s, ok := v.(string)
	if v != nil && (!ok || s == "" || len(s) > most) {
		c.fail(fmt.Sprintf("A string of 1 to %d characters was expected.", most), name)
	}

	return s
}

func (c *eventCheck) number(name string) json.Number {
	switch c.value(name).(type) {
	case nil:
		return ""
	case float64:
		return json.Number(c.attributes[name])
	default:
		c.fail("A number was expected.", name)

		return ""
	}
}

func (c *eventCheck) properties() map[string]any {
	properties, ok := c.value("properties").(map[string]any)

	switch {
	case !ok:
		c.fail("An object was expected.", "properties")
	case len(properties) > maxProperties:
		c.fail(fmt.Sprintf("At most %d properties are allowed.", maxProperties), "properties")
	}

	return properties
}

// time is when it happened: to the second, and now without one.
func (c *eventCheck) time(now time.Time) time.Time {
	v := c.value("time")
	if v == nil {
		return now.UTC().Truncate(time.Second)
	}

	s, _ := v.(string)

	at, err := time.Parse(time.RFC3339, s)

	switch {
	case err != nil:
		c.fail("Invalid timestamp.", "time")
	case at.Year() < firstYear || at.After(now.AddDate(1, 0, 0)):
		c.fail("The time must be after the year 2000 and at most a year ahead.", "time")
	}

	return at.UTC().Truncate(time.Second)
}

// inner is a resource inside of an event.
func (c *eventCheck) inner(kind string) map[string]any {
	var r struct {
		Data struct {
			Type       string         `json:"type"`
			Attributes map[string]any `json:"attributes"`
		} `json:"data"`
	}

	if json.Unmarshal(c.attributes[kind], &r) != nil || r.Data.Type != kind || r.Data.Attributes == nil {
		c.fail("A resource of type "+kind+" with attributes was expected.", kind)

		return nil
	}

	return r.Data.Attributes
}

func (c *eventCheck) metric() string {
	attributes := c.inner("metric")
	name := text(attributes, "name")

	if attributes != nil && (name == "" || len(name) > maxMetric) {
		c.fail(fmt.Sprintf("A name of 1 to %d characters was expected.", maxMetric), "metric/data/attributes/name")
	}

	return name
}

func (c *eventCheck) profile() map[string]any {
	attributes := c.inner("profile")

	switch {
	case attributes == nil:
	case len(c.attributes["profile"]) > maxEventProfile:
		c.fail("The profile is larger than 95KB.", "profile")
	case !identified(attributes):
		c.fail("One or more identifiers is required", "profile/data/attributes")
	default:
		c.wrong = append(c.wrong, faultsOf(attributes, "/data/attributes/profile/data")...)
	}

	return attributes
}
