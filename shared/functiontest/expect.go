package functiontest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// Acknowledged delivers payloads that have to be acknowledged, one after the other.
func (s *Shop) Acknowledged(t *testing.T, payloads ...string) {
	t.Helper()

	for i, payload := range payloads {
		if status := s.Deliver(t, payload); status != http.StatusNoContent {
			t.Errorf("message %d: status %d, want 204", i+1, status)
		}
	}
}

// UntilAcknowledged delivers a payload again and again, as Pub/Sub would, until it is acknowledged: 10 times at most.
func (s *Shop) UntilAcknowledged(t *testing.T, payload string) {
	t.Helper()

	for range 10 {
		if s.Deliver(t, payload) == http.StatusNoContent {
			return
		}
	}

	t.Fatalf("not acknowledged after 10 deliveries; the log: %v", s.LastLine(t))
}

// Done delivers payloads that are all done with, and not parked.
func (s *Shop) Done(t *testing.T, payloads ...string) {
	t.Helper()
	s.Acknowledged(t, payloads...)

	if n := len(s.Parked()); n != 0 {
		t.Errorf("%d parked, want none; the last: %v", n, s.LastLine(t))
	}
}

// ExpectParked delivers a payload that is parked with these attributes; the text of the error only if it is among them.
func (s *Shop) ExpectParked(t *testing.T, payload string, want map[string]string) {
	t.Helper()
	s.Acknowledged(t, payload)

	parked := s.Parked()
	if len(parked) != 1 {
		t.Fatalf("parked %d messages, want 1; the log: %v", len(parked), s.LastLine(t))
	}

	if string(parked[0].Data) != payload {
		t.Errorf("parked %s, want the message", parked[0].Data)
	}

	if want["error"] == "" {
		delete(parked[0].Attributes, "error")
	}

	if diff := cmp.Diff(want, parked[0].Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

// ExpectEvents compares what Klaviyo has, in the order of metrics and unique ids: "metric unique-id value currency time".
func (s *Shop) ExpectEvents(t *testing.T, want ...string) {
	t.Helper()

	var got []string
	for _, e := range s.Klaviyo.Events() {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", e.Metric, e.UniqueID, e.Value, e.ValueCurrency, e.Time.Format(time.RFC3339)))
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// Event is the one event of this metric with this unique id.
func (s *Shop) Event(t *testing.T, metric, uniqueID string) klaviyotest.Event {
	t.Helper()

	all := slices.DeleteFunc(s.Klaviyo.Events(), func(e klaviyotest.Event) bool { return e.Metric != metric || e.UniqueID != uniqueID })
	if len(all) != 1 {
		t.Fatalf("%d events %s %s, want 1", len(all), metric, uniqueID)
	}

	return all[0]
}

// ExpectRequests counts those since the last look at them: to commercetools and to Klaviyo.
func (s *Shop) ExpectRequests(t *testing.T, read, written int) {
	t.Helper()

	requests := s.Requests()
	toKlaviyo := 0

	for _, r := range requests {
		if strings.Contains(r, " /api/") {
			toKlaviyo++
		}
	}

	if toKlaviyo != written || len(requests)-toKlaviyo != read {
		t.Errorf("%d requests to commercetools and %d to Klaviyo, want %d and %d: %q",
			len(requests)-toKlaviyo, toKlaviyo, read, written, requests)
	}
}
