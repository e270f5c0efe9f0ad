package klaviyo

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func placed(id, customer, email string) Event {
	return Event{Metric: "Placed Order", UniqueID: id, Profile: EventProfile{ExternalID: customer, Email: email}}
}

func TestEventBatchBody(t *testing.T) {
	t.Parallel()

	full := placed("o-2", "", "a@example.com")
	full.Time, full.Value, full.ValueCurrency, full.Backfill = time.Unix(0, 0), "19.90", "EUR", true
	full.Properties = map[string]json.RawMessage{"size": json.RawMessage(`"<M>"`)}

	var b EventBatch

	for i, e := range []Event{placed("o-1", "c-1", ""), full, placed("o-3", "c-1", "")} {
		if err := b.Add(fmt.Sprint("ref ", i), e); err != nil {
			t.Fatal(err)
		}
	}

	const (
		head  = `{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[`
		one   = `{"type":"event-bulk-create","attributes":{"profile":{"data":{"type":"profile","attributes":{"external_id":"c-1"}}},"events":{"data":[{"type":"event","attributes":{"properties":{},"unique_id":"o-1","metric":{"data":{"type":"metric","attributes":{"name":"Placed Order"}}}}}]}}}`
		two   = `{"type":"event-bulk-create","attributes":{"backfill":true,"profile":{"data":{"type":"profile","attributes":{"email":"a@example.com"}}},"events":{"data":[{"type":"event","attributes":{"properties":{"size":"<M>"},"time":"1970-01-01T00:00:00Z","value":19.90,"value_currency":"EUR","unique_id":"o-2","backfill":true,"metric":{"data":{"type":"metric","attributes":{"name":"Placed Order"}}}}}]}}}`
		three = `{"type":"event-bulk-create","attributes":{"profile":{"data":{"type":"profile","attributes":{"external_id":"c-1"}}},"events":{"data":[{"type":"event","attributes":{"properties":{},"unique_id":"o-3","metric":{"data":{"type":"metric","attributes":{"name":"Placed Order"}}}}}]}}}`
		tail  = `]}}}}`
	)

	if diff := cmp.Diff(head+one+","+two+","+three+tail, sent(t, eventForm(), &b.rows, b.list)); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
}

func TestEventBatchRefuses(t *testing.T) {
	t.Parallel()

	other := placed("o-1", "c-1", "")
	other.Metric = "Fulfilled Order"

	at := func(s int64) Event {
		e := placed("", "c-1", "")
		e.Time = time.Unix(s, 0)

		return e
	}

	duplicate := &DuplicateError{"unique_id", "first"}

	tests := []struct {
		name          string
		first, second Event
		want          error
	}{
		{"another id", placed("o-1", "c-1", ""), placed("o-2", "c-1", ""), nil},
		{"another profile", placed("o-1", "c-1", ""), placed("o-1", "c-2", ""), nil},
		{"another metric", placed("o-1", "c-1", ""), other, nil},
		{"the same", placed("o-1", "c-1", ""), placed("o-1", "c-1", ""), duplicate},
		{"the same with an email", placed("o-1", "c-1", ""), placed("o-1", "c-1", "a@example.com"), duplicate},
		{"the same email in another case", placed("o-1", "", "a@example.com"), placed("o-1", "c-1", "A@Example.com"), duplicate},
		{"another second", at(1), at(2), nil},
		{"the same second", at(1), at(1), duplicate},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			var b EventBatch
			if err := b.Add("first", tt.first); err != nil {
				t.Fatal(err)
			}

			if err := b.Add("second", tt.second); !cmp.Equal(err, tt.want, cmp.Comparer(sameError)) {
				t.Errorf("error %v, want %v", err, tt.want)
			}

			if added := b.Len() == 2; added != (tt.want == nil) {
				t.Errorf("Len = %d", b.Len())
			}
		})
	}
}

func TestEventBatchIsFull(t *testing.T) {
	t.Parallel()

	var many EventBatch

	for i := range 1_000 {
		if err := many.Add("", placed(fmt.Sprint(i), "c-1", "")); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
	}

	if err := many.Add("", placed("one more", "c-1", "")); !errors.Is(err, ErrBatchFull) || many.Len() != 1_000 {
		t.Errorf("error %v, Len = %d", err, many.Len())
	}

	var large EventBatch

	e := placed("o-1", "c-1", "")
	e.Properties = map[string]json.RawMessage{"text": json.RawMessage(`"` + strings.Repeat("x", maxBatch) + `"`)}

	if err := large.Add("", e); !errors.Is(err, ErrEventTooLarge) {
		t.Errorf("error %v", err)
	}

	e.Properties["text"] = json.RawMessage(`"` + strings.Repeat("x", 3_000_000) + `"`)
	if err := large.Add("", e); err != nil {
		t.Error(err)
	}

	e.UniqueID = "o-2"
	if err := large.Add("", e); !errors.Is(err, ErrBatchFull) {
		t.Errorf("error %v", err)
	}

	// What did not get in can come again.
	if body := sent(t, eventForm(), &large.rows, large.list); large.Len() != 1 || len(body) > maxBatch {
		t.Errorf("%d events in %d bytes", large.Len(), len(body))
	}
}

// An event of the largest size goes into an empty batch, so that whoever empties a full one gets on.
func TestEventBatchLargest(t *testing.T) {
	t.Parallel()

	var probe EventBatch
	if err := probe.Add("", placed("", "c-1", "")); err != nil {
		t.Fatal(err)
	}

	e := placed("", "c-1", "")
	rest := eventForm().maxRow - probe.buf.Len() - len(`"x":""`)

	for more, want := range map[int]error{0: nil, 1: ErrEventTooLarge} {
		e.Properties = map[string]json.RawMessage{"x": json.RawMessage(`"` + strings.Repeat("x", rest+more) + `"`)}

		var b EventBatch
		if err := b.Add("", e); !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
	}
}
