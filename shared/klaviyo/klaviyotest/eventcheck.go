package klaviyotest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// What Klaviyo takes of an event, by https://developers.klaviyo.com/en/reference/events_api_overview.
const (
	maxProperties   = 400
	maxMetric       = 127
	maxUniqueID     = 255
	maxEventProfile = 95_000
	maxText         = 100_000
	firstYear       = 2000
)

// sentEvent is an event as it came in.
type sentEvent struct {
	recordedEvent

	profile map[string]any
}

// decodeEvent reads and looks over an event. (Klaviyo also takes a profile's own id for an identifier; this does not.)
func decodeEvent(body []byte, now time.Time) (sentEvent, []fault) {
	var d struct {
		Data attributed `json:"data"`
	}

	if err := json.Unmarshal(body, &d); err != nil || d.Data.Type != "event" {
		return sentEvent{}, []fault{{"A resource of type event with attributes was expected.", "/data"}}
	}

	c := eventCheck{attributes: d.Data.Attributes, base: "/data/attributes/"}
	c.known("event", append(eventFields(), "profile")...)

	return sentEvent{recordedEvent: c.event(now), profile: c.profile()}, c.wrong
}

// attributed is a resource whose attributes are read one by one.
type attributed struct {
	Type       string                     `json:"type"`
	Attributes map[string]json.RawMessage `json:"attributes"`
}

// eventCheck collects what is wrong with the attributes of an event, or of what is around it in a bulk request.
type eventCheck struct {
	attributes map[string]json.RawMessage
	// base is the pointer of the attributes, with a slash behind.
	base  string
	wrong []fault
}

func (c *eventCheck) fail(detail, pointer string) {
	c.wrong = append(c.wrong, fault{detail, c.base + pointer})
}

func eventFields() []string {
	return []string{"properties", "time", "value", "value_currency", "unique_id", "backfill", "metric"}
}

// event reads all but the profile.
func (c *eventCheck) event(now time.Time) recordedEvent {
	return recordedEvent{
		Event: Event{
			Metric:        c.metric(),
			UniqueID:      c.text("unique_id", maxUniqueID),
			Time:          c.time(now),
			Value:         c.number("value"),
			ValueCurrency: c.text("value_currency", len("EUR")),
			Backfill:      c.flag("backfill"),
		},
		properties: c.properties(),
	}
}

// value is an attribute; nil when it is null or missing.
func (c *eventCheck) value(name string) any {
	var v any

	_ = json.Unmarshal(c.attributes[name], &v) // it is JSON, or missing

	return v
}

func (c *eventCheck) known(kind string, names ...string) {
	for name := range c.attributes {
		if !slices.Contains(names, name) {
			c.fail(fmt.Sprintf("'%s' is not a valid field for the resource '%s'.", name, kind), name)
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

func (c *eventCheck) flag(name string) bool {
	v := c.value(name)

	yes, ok := v.(bool)
	if v != nil && !ok {
		c.fail("A boolean was expected.", name)
	}

	return yes
}

func (c *eventCheck) properties() json.RawMessage {
	raw := c.attributes["properties"]

	var properties map[string]json.RawMessage

	switch err := json.Unmarshal(raw, &properties); {
	case err != nil || properties == nil:
		c.fail("An object was expected.", "properties")
	case len(properties) > maxProperties:
		c.fail(fmt.Sprintf("At most %d properties are allowed.", maxProperties), "properties")
	case hasLongText(raw):
		c.fail("A string is longer than 100KB.", "properties")
	}

	return raw
}

// hasLongText tells whether a string in some JSON is longer than Klaviyo takes.
func hasLongText(data json.RawMessage) bool {
	if len(data) <= maxText {
		return false
	}

	for decoder := json.NewDecoder(bytes.NewReader(data)); ; {
		switch token, err := decoder.Token(); s := token.(type) {
		case string:
			if len(s) > maxText {
				return true
			}
		default:
			if err != nil {
				return false
			}
		}
	}
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
		c.wrong = append(c.wrong, faultsOf(attributes, c.base+"profile/data")...)
	}

	return attributes
}
