package klaviyotest

import (
	"encoding/json"
	"fmt"
	"time"
)

// maxEvents is how many events one request may have.
const maxEvents = 1_000

const eventRowsAt = "/data/attributes/events-bulk-create/data"

// decodeEvents reads and looks over the events of a bulk request, all of them. A row of it is a profile with its events.
func decodeEvents(body []byte, now time.Time) ([]sentEvent, []fault) {
	var d struct {
		Data struct {
			Type       string `json:"type"`
			Attributes struct {
				Rows struct {
					Data []attributed `json:"data"`
				} `json:"events-bulk-create"`
			} `json:"attributes"`
		} `json:"data"`
	}

	if err := json.Unmarshal(body, &d); err != nil || d.Data.Type != "event-bulk-create-job" {
		return nil, []fault{{"The payload is not valid.", "/data"}}
	}

	var (
		sent  []sentEvent
		wrong []fault
	)

	for i, row := range d.Data.Attributes.Rows.Data {
		events, faults := decodeEventRow(row, fmt.Sprintf("%s/%d", eventRowsAt, i), now)
		sent = append(sent, events...)
		wrong = append(wrong, faults...)
	}

	if len(wrong) == 0 && (len(sent) == 0 || len(sent) > maxEvents) {
		wrong = []fault{{fmt.Sprintf("Between 1 and %d events are expected.", maxEvents), eventRowsAt}}
	}

	return sent, wrong
}

// decodeEventRow reads a row. One that is history makes all of its events so, as its description says the same as theirs.
func decodeEventRow(row attributed, pointer string, now time.Time) ([]sentEvent, []fault) {
	c := eventCheck{attributes: row.Attributes, base: pointer + "/attributes/"}

	var events struct {
		Data []attributed `json:"data"`
	}

	if row.Type != "event-bulk-create" || json.Unmarshal(row.Attributes["events"], &events) != nil || len(events.Data) == 0 {
		return nil, []fault{{"A resource of type event-bulk-create with a profile and events was expected.", pointer}}
	}

	c.known("event-bulk-create", "backfill", "profile", "events")

	profile, isHistory := c.profile(), c.flag("backfill")
	sent := make([]sentEvent, len(events.Data))

	for i, e := range events.Data {
		inner := eventCheck{attributes: e.Attributes, base: fmt.Sprintf("%sevents/data/%d/attributes/", c.base, i)}
		inner.known("event", eventFields()...)

		if e.Type != "event" {
			inner.fail("A resource of type event was expected.", "")
		}

		sent[i] = sentEvent{recordedEvent: inner.event(now), profile: profile}
		sent[i].Backfill = sent[i].Backfill || isHistory
		c.wrong = append(c.wrong, inner.wrong...)
	}

	return sent, c.wrong
}
