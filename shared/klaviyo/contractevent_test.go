package klaviyo_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

func TestContractEvents(t *testing.T) {
	t.Parallel()

	c, fake := checked(t, klaviyotest.Options{Key: key, Limits: true})

	minimal := minimalEvent()
	minimal.Metric = "Cancelled Order"
	again := fullEvent()
	again.Value, again.Profile.Location = "0", &klaviyo.Location{City: klaviyo.Set("Bonn")}

	do(t, c, create(fullEvent()), create(minimal), create(again))

	profiles := fake.Profiles()
	if len(profiles) != 1 || profiles[0].Attributes["email"] != "ann@example.com" {
		t.Fatalf("profiles %v", profiles)
	}

	got := fake.Events()
	if len(got) != 2 {
		t.Fatalf("events %v", got)
	}

	if age := time.Since(got[0].Time); age < 0 || age > time.Minute {
		t.Errorf("an event without a time was %v ago", age)
	}

	got[0].Time = time.Time{}

	want := []klaviyotest.Event{
		{Metric: "Cancelled Order", ProfileID: profiles[0].ID, Properties: map[string]any{}, Received: 1},
		{
			Metric: "Placed Order", UniqueID: "o-1", ProfileID: profiles[0].ID,
			Properties: map[string]any{"ItemNames": []any{"Shirt <M>"}, "total": map[string]any{"centAmount": 1990.0}},
			Time:       time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC), Value: "19.90", ValueCurrency: "EUR", Backfill: true, Received: 2,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestContractEventRefusals(t *testing.T) {
	t.Parallel()

	change := func(f func(*klaviyo.Event)) klaviyo.Event {
		e := fullEvent()
		f(&e)

		return e
	}

	crowded := map[string]json.RawMessage{}
	for i := range 401 {
		crowded[strconv.Itoa(i)] = json.RawMessage(`1`)
	}

	large := json.RawMessage(`"` + strings.Repeat("x", 5_000_000) + `"`)

	tests := []struct {
		name    string
		event   klaviyo.Event
		status  int
		pointer string
	}{
		{"no metric", change(func(e *klaviyo.Event) { e.Metric = "" }), 400, "/data/attributes/metric/data/attributes/name"},
		{"a long metric", change(func(e *klaviyo.Event) { e.Metric = strings.Repeat("x", 128) }), 400, "/data/attributes/metric/data/attributes/name"},
		{"nobody", change(func(e *klaviyo.Event) { e.Profile = klaviyo.EventProfile{} }), 400, "/data/attributes/profile/data/attributes"},
		{"no email", change(func(e *klaviyo.Event) { e.Profile.Email = "ann" }), 400, "/data/attributes/profile/data/attributes/email"},
		{"a long place", change(func(e *klaviyo.Event) {
			e.Profile.Location = &klaviyo.Location{City: klaviyo.Set(strings.Repeat("x", 95_000))}
		}), 400, "/data/attributes/profile"},
		{"long ago", change(func(e *klaviyo.Event) { e.Time = time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC) }), 400, "/data/attributes/time"},
		{"the future", change(func(e *klaviyo.Event) { e.Time = time.Now().AddDate(1, 0, 1) }), 400, "/data/attributes/time"},
		{"too many properties", change(func(e *klaviyo.Event) { e.Properties = crowded }), 400, "/data/attributes/properties"},
		{"a long unique id", change(func(e *klaviyo.Event) { e.UniqueID = strings.Repeat("x", 256) }), 400, "/data/attributes/unique_id"},
		{"too large", change(func(e *klaviyo.Event) { e.Properties = map[string]json.RawMessage{"x": large} }), http.StatusRequestEntityTooLarge, "/data"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			c, fake := checked(t, klaviyotest.Options{})

			e := apiError(t, c.CreateEvent(t.Context(), tt.event))
			if e.Status != tt.status || e.Pointer() != tt.pointer {
				t.Errorf("error %v", e)
			}

			if len(fake.Events()) != 0 || len(fake.Profiles()) != 0 {
				t.Errorf("events %v, profiles %v", fake.Events(), fake.Profiles())
			}
		})
	}
}
