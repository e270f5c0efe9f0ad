package klaviyo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

func eventBatch(t *testing.T, events ...klaviyo.Event) *klaviyo.EventBatch {
	t.Helper()

	var b klaviyo.EventBatch

	for i, e := range events {
		if err := b.Add(fmt.Sprint("event ", i), e); err != nil {
			t.Fatal(err)
		}
	}

	return &b
}

// An event is the same whether it comes alone or with others, and is recorded once however often it comes.
func TestContractEventBatch(t *testing.T) {
	t.Parallel()

	events := []klaviyo.Event{fullEvent(), minimalEvent()}
	events[1].Metric = "Cancelled Order"

	alone, single := checked(t, klaviyotest.Options{Key: key, Limits: true})
	together, many := checked(t, klaviyotest.Options{Key: key, Limits: true})

	for range 2 {
		do(t, alone, create(events[0]), create(events[1]))

		if refused, err := together.ImportEvents(t.Context(), eventBatch(t, events...)); err != nil || len(refused) > 0 {
			t.Fatalf("refused %v, error %v", refused, err)
		}
	}

	if together.Requests() != 2 {
		t.Errorf("%d requests", together.Requests())
	}

	withoutTime := func(all []klaviyotest.Event) []klaviyotest.Event {
		for i := range all {
			if all[i].Metric == "Cancelled Order" {
				all[i].Time = time.Time{} // it has none of its own: that of its arrival counts
			}
		}

		return all
	}

	got := many.Events()
	if diff := cmp.Diff(withoutTime(single.Events()), withoutTime(got)); diff != "" {
		t.Errorf("events (-alone +together):\n%s", diff)
	}

	if placed := got[len(got)-1]; !placed.Backfill || placed.Received != 2 {
		t.Errorf("event %+v", placed)
	}

	if diff := cmp.Diff(single.Profiles(), many.Profiles()); diff != "" {
		t.Errorf("profiles (-alone +together):\n%s", diff)
	}
}

// Events that Klaviyo points at are refused; the others are recorded.
func TestContractEventBatchRefusals(t *testing.T) {
	t.Parallel()

	events := make([]klaviyo.Event, 7)
	for i := range events {
		events[i] = fullEvent()
		events[i].UniqueID = fmt.Sprint("o-", i)
	}

	events[0].Metric = ""
	events[2].Profile.Email = "ann"
	events[3].UniqueID = strings.Repeat("x", 256)
	events[5].Properties = map[string]json.RawMessage{"x": json.RawMessage(`"` + strings.Repeat("x", 100_001) + `"`)}

	c, fake := checked(t, klaviyotest.Options{})

	refused, err := c.ImportEvents(t.Context(), eventBatch(t, events...))
	if err != nil || c.Requests() != 2 {
		t.Errorf("error %v after %d requests", err, c.Requests())
	}

	refusal := func(ref, pointer string) klaviyo.Refused {
		return klaviyo.Refused{Ref: ref, Code: "invalid", Title: "Invalid input.", Pointer: pointer}
	}

	if diff := cmp.Diff([]klaviyo.Refused{
		refusal("event 0", "/attributes/events/data/0/attributes/metric/data/attributes/name"),
		refusal("event 2", "/attributes/profile/data/attributes/email"),
		refusal("event 3", "/attributes/events/data/0/attributes/unique_id"),
		refusal("event 5", "/attributes/events/data/0/attributes/properties"),
	}, refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}

	var ids []string
	for _, e := range fake.Events() {
		ids = append(ids, e.UniqueID)
	}

	if diff := cmp.Diff([]string{"o-1", "o-4", "o-6"}, ids); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
}

// Klaviyo may see that two events are the same where a batch can't: they have two identifiers of one profile.
func TestContractEventBatchRepeats(t *testing.T) {
	t.Parallel()

	c, fake := checked(t, klaviyotest.Options{})

	if _, err := c.CreateProfile(t.Context(), ann()); err != nil {
		t.Fatal(err)
	}

	byID, byEmail := minimalEvent(), minimalEvent()
	byID.UniqueID, byEmail.UniqueID = "o-1", "o-1"
	byEmail.Profile = klaviyo.EventProfile{Email: "ann@example.com"}

	refused, err := c.ImportEvents(t.Context(), eventBatch(t, byID, byEmail))

	e, ok := errors.AsType[*klaviyo.Error](err)
	if !ok || e.Status != http.StatusBadRequest || len(refused) != 0 || c.Requests() != 2 || len(fake.Events()) != 0 {
		t.Fatalf("refused %v, error %v after %d requests, events %v", refused, err, c.Requests(), fake.Events())
	}

	do(t, c, create(byID), create(byEmail))

	if got := fake.Events(); len(got) != 1 || got[0].Received != 2 {
		t.Errorf("events %v", got)
	}
}
