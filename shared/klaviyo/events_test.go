package klaviyo_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

func minimalEvent() klaviyo.Event {
	return klaviyo.Event{Metric: "Placed Order", Profile: klaviyo.EventProfile{ExternalID: "c-1"}}
}

func fullEvent() klaviyo.Event {
	return klaviyo.Event{
		Metric:   "Placed Order",
		UniqueID: "o-1",
		Profile: klaviyo.EventProfile{
			Email: "ann@example.com", ExternalID: "c-1",
			Location: &klaviyo.Location{City: klaviyo.Set("Berlin"), Region: klaviyo.Null[string]()},
		},
		Time:          time.Date(2026, 1, 2, 3, 4, 5, 999_999_999, time.FixedZone("", 3600)),
		Value:         "19.90",
		ValueCurrency: "EUR",
		Properties: map[string]json.RawMessage{
			"ItemNames": json.RawMessage(`["Shirt <M>"]`), "total": json.RawMessage(`{"centAmount": 1990}`),
		},
		Backfill: true,
	}
}

func create(e klaviyo.Event) func(context.Context, *klaviyo.Client) error {
	return func(ctx context.Context, c *klaviyo.Client) error { return c.CreateEvent(ctx, e) }
}

func TestEventRequests(t *testing.T) {
	t.Parallel()

	const head = `{"data":{"type":"event","attributes":{`

	free := minimalEvent()
	free.Value, free.ValueCurrency = "0", "JPY"

	for name, tt := range map[string]struct {
		event klaviyo.Event
		want  string
	}{
		"minimal": {minimalEvent(), head + `"properties":{},` +
			`"metric":{"data":{"type":"metric","attributes":{"name":"Placed Order"}}},` +
			`"profile":{"data":{"type":"profile","attributes":{"external_id":"c-1"}}}}}}`},
		"full": {fullEvent(), head + `"properties":{"ItemNames":["Shirt <M>"],"total":{"centAmount":1990}},` +
			`"time":"2026-01-02T02:04:05Z","value":19.90,"value_currency":"EUR","unique_id":"o-1","backfill":true,` +
			`"metric":{"data":{"type":"metric","attributes":{"name":"Placed Order"}}},` +
			`"profile":{"data":{"type":"profile","attributes":{"email":"ann@example.com","external_id":"c-1",` +
			`"location":{"city":"Berlin","region":null}}}}}}}`},
		"a value of 0": {free, head + `"properties":{},"value":0,"value_currency":"JPY",` +
			`"metric":{"data":{"type":"metric","attributes":{"name":"Placed Order"}}},` +
			`"profile":{"data":{"type":"profile","attributes":{"external_id":"c-1"}}}}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkCall(t, create(tt.event), "POST /shop/api/events", tt.want)
		})
	}
}

// What can't be sent is an error before any request, and names nobody.
func TestEventsThatCannotBeSent(t *testing.T) {
	t.Parallel()

	value, property := fullEvent(), fullEvent()
	value.Value = "much"
	property.Properties["x"] = json.RawMessage(`ann@example.com`)

	for name, e := range map[string]klaviyo.Event{"value": value, "property": property} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := client(inMemory(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))

			err := c.CreateEvent(t.Context(), e)
			if err == nil || c.Requests() != 0 {
				t.Fatalf("error %v after %d requests", err, c.Requests())
			}

			if strings.Contains(err.Error(), "example.com") {
				t.Errorf("error %v", err)
			}
		})
	}
}
