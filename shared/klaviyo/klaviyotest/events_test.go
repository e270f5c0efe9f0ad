package klaviyotest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// event is a body; more are further attributes, with a comma behind.
func event(more, metric, profile string) string {
	return `{"data":{"type":"event","attributes":{` + more + `"properties":{},"metric":{"data":{"type":"metric","attributes":{"name":"` + metric +
		`"}}},"profile":{"data":{"type":"profile","attributes":` + profile + `}}}}}`
}

func send(t *testing.T, s *klaviyotest.Server, bodies ...string) {
	t.Helper()

	for _, body := range bodies {
		if a := ask(t, s, "POST", "/api/events", body, nil); a.Status != http.StatusAccepted {
			t.Fatalf("%d %+v for %s", a.Status, a.Errors, body)
		}
	}
}

func TestEventsAreRecordedOnce(t *testing.T) {
	t.Parallel()

	s := klaviyotest.New(klaviyotest.Options{})

	const first, other = `{"email":"one@example.com"}`, `{"email":"two@example.com"}`

	send(t, s,
		event(`"unique_id":"1","value":1,`, "A", first),
		event(`"unique_id":"1","value":2,`, "A", `{"email":"ONE@example.com"}`),
		event(`"unique_id":"1","value":3,`, "B", first),
		event(`"unique_id":"1","value":4,`, "A", other),
		event(`"unique_id":"2","value":null,"time":"2026-01-01T10:00:00.9+01:00",`, "A", first),
		// Without a unique id it is the second that counts.
		event(`"value":5,"time":"2026-01-01T10:00:00Z",`, "C", first),
		event(`"value":6,"time":"2026-01-01T10:00:00.5Z",`, "C", first),
		event(`"value":7,"time":"2026-01-01T10:00:01Z",`, "C", first),
	)

	type recorded struct {
		Metric, UniqueID, Value string
		Own                     bool
		Received                int
	}

	one := s.Profiles()[0].ID

	var got []recorded
	for _, e := range s.Events() {
		got = append(got, recorded{e.Metric, e.UniqueID, string(e.Value), e.ProfileID == one, e.Received})
	}

	want := map[recorded]bool{
		{"A", "1", "1", true, 2}: true, {"A", "1", "4", false, 1}: true, {"A", "2", "", true, 1}: true, {"B", "1", "3", true, 1}: true,
		{"C", "", "5", true, 2}: true, {"C", "", "7", true, 1}: true,
	}

	for _, r := range got {
		if !want[r] {
			t.Errorf("%+v is not expected", r)
		}

		delete(want, r)
	}

	if len(want) != 0 {
		t.Errorf("%v are missing", want)
	}

	if at := s.Events()[2].Time; !at.Equal(time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("time %v", at)
	}
}

// An event finds its profile by the highest identifier, and takes none away from another.
func TestProfilesOfEvents(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name, profile string
		want          []map[string]any // the profiles but for the bystander, by external id
	}{
		{"new", `{"external_id":"3","email":"3@example.com"}`, []map[string]any{
			{"external_id": "1", "email": "1@example.com"}, {"external_id": "3", "email": "3@example.com"},
		}},
		{"known", `{"external_id":"1","location":{"city":"Berlin"}}`, []map[string]any{
			{"external_id": "1", "email": "1@example.com", "location": map[string]any{"city": "Berlin"}},
		}},
		{"another email", `{"external_id":"1","email":"new@example.com"}`, []map[string]any{
			{"external_id": "1", "email": "new@example.com"},
		}},
		{"a guest who has an account", `{"email":"1@example.com"}`, []map[string]any{
			{"external_id": "1", "email": "1@example.com"},
		}},
		{"somebody else's email", `{"external_id":"1","email":"2@example.com"}`, []map[string]any{
			{"external_id": "1", "email": "1@example.com"},
		}},
		{"somebody else's phone", `{"external_id":"3","phone_number":"+4915111111111"}`, []map[string]any{
			{"external_id": "1", "email": "1@example.com"}, {"external_id": "3"},
		}},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := klaviyotest.New(klaviyotest.Options{})
			bystander := map[string]any{"external_id": "2", "email": "2@example.com", "phone_number": "+4915111111111"}

			for _, attributes := range []string{
				`{"external_id":"1","email":"1@example.com"}`, `{"external_id":"2","email":"2@example.com","phone_number":"+4915111111111"}`,
			} {
				ask(t, s, "POST", "/api/profiles", profile(attributes), nil)
			}

			send(t, s, event("", "A", tt.profile))

			var got []map[string]any
			for _, p := range s.Profiles() {
				got = append(got, p.Attributes)
			}

			want := append([]map[string]any{tt.want[0], bystander}, tt.want[1:]...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("profiles (-want +got):\n%s", diff)
			}
		})
	}
}

// A bulk job that is due has been done when an event comes in.
func TestEventAfterJob(t *testing.T) {
	t.Parallel()

	s := klaviyotest.New(klaviyotest.Options{})

	ask(t, s, "POST", "/api/profile-bulk-import-jobs", job(row(`{"external_id":"1","email":"1@example.com"}`)), nil)
	send(t, s, event("", "A", `{"email":"1@example.com"}`))

	if got := s.Profiles(); len(got) != 1 || got[0].ID != s.Events()[0].ProfileID {
		t.Errorf("profiles %v, events %v", got, s.Events())
	}
}

func TestEventRefusals(t *testing.T) {
	t.Parallel()

	const ann = `{"email":"a@example.com"}`

	tests := []struct{ name, body, code string }{
		{"not JSON", `{`, "invalid /data"},
		{"another type", profile(`{}`), "invalid /data"},
		{"unknown attribute", event(`"currency":"EUR",`, "A", ann), "invalid /data/attributes/currency"},
		{"text for a value", event(`"value":"1",`, "A", ann), "invalid /data/attributes/value"},
		{"no time", event(`"time":"yesterday",`, "A", ann), "invalid /data/attributes/time"},
		{"a number for an id", event(`"unique_id":1,`, "A", ann), "invalid /data/attributes/unique_id"},
		{"no properties", `{"data":{"type":"event","attributes":{"properties":null,` + event("", "A", ann)[len(`{"data":{"type":"event","attributes":{"properties":{},`):], "invalid /data/attributes/properties"},
		{"no profile's attributes", event("", "A", `null`), "invalid /data/attributes/profile"},
		{"no identifier", event("", "A", `{"first_name":"Ann"}`), "invalid /data/attributes/profile/data/attributes"},
		{"unknown identifier", event("", "A", `{"email":"a@example.com","mail":"x"}`), "invalid /data/attributes/profile/data/attributes/mail"},
		{"nothing", `{"data":{"type":"event","attributes":{}}}`, "3 errors"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := klaviyotest.New(klaviyotest.Options{})

			if a := ask(t, s, "POST", "/api/events", tt.body, nil); a.Status != http.StatusBadRequest || a.code() != tt.code {
				t.Errorf("%d %s", a.Status, a.code())
			}

			if len(s.Events()) != 0 || len(s.Profiles()) != 0 {
				t.Errorf("events %v, profiles %v", s.Events(), s.Profiles())
			}
		})
	}
}

// eventRow is a row of a bulk request: one profile, some events.
func eventRow(more, profile string, events ...string) string {
	return `{"type":"event-bulk-create","attributes":{` + more + `"profile":{"data":{"type":"profile","attributes":` + profile +
		`}},"events":{"data":[` + strings.Join(events, ",") + `]}}}`
}

func inRow(attributes string) string {
	return `{"type":"event","attributes":{` + attributes + `"properties":{},"metric":{"data":{"type":"metric","attributes":{"name":"A"}}}}}`
}

func bulkEvents(rows ...string) string {
	return `{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[` + strings.Join(rows, ",") + `]}}}}`
}

func TestBulkEventRefusals(t *testing.T) {
	t.Parallel()

	const (
		ann = `{"email":"a@example.com"}`
		at  = "invalid /data/attributes/events-bulk-create/data"
	)

	good := eventRow("", ann, inRow(`"unique_id":"1",`))

	many := make([]string, 1_001)
	for i := range many {
		many[i] = inRow(fmt.Sprintf(`"unique_id":"m%d",`, i))
	}

	tests := []struct{ name, body, code string }{
		{"not JSON", `{`, "invalid /data"},
		{"another type", profile(`{}`), "invalid /data"},
		{"none", bulkEvents(), at},
		{"too many", bulkEvents(eventRow("", ann, many...)), at},
		{"a row of another type", bulkEvents(good, `{"type":"event"}`), at + "/1"},
		{"a row without events", bulkEvents(good, eventRow("", ann)), at + "/1"},
		{"an event of another type", bulkEvents(eventRow("", ann, strings.Replace(inRow(""), "event", "profile", 1))), at + "/0/attributes/events/data/0/attributes/"},
		{"no identifier", bulkEvents(good, eventRow("", `{"first_name":"Ann"}`, inRow(""))), at + "/1/attributes/profile/data/attributes"},
		{"an unknown attribute of a row", bulkEvents(eventRow(`"time":null,`, ann, inRow(""))), at + "/0/attributes/time"},
		{"a profile in an event", bulkEvents(eventRow("", ann, inRow(`"profile":{},`))), at + "/0/attributes/events/data/0/attributes/profile"},
		{"the second event", bulkEvents(good, eventRow("", ann, inRow(""), inRow(`"value":"1",`))), at + "/1/attributes/events/data/1/attributes/value"},
		{"text for backfill", bulkEvents(eventRow(`"backfill":"yes",`, ann, inRow(""))), at + "/0/attributes/backfill"},
		{"the same twice", bulkEvents(good, eventRow("", `{"email":"A@example.com"}`, inRow(`"unique_id":"1",`))), "invalid /data"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := klaviyotest.New(klaviyotest.Options{})

			if a := ask(t, s, "POST", "/api/event-bulk-create-jobs", tt.body, nil); a.Status != http.StatusBadRequest || a.code() != tt.code {
				t.Errorf("%d %s", a.Status, a.code())
			}

			if len(s.Events()) != 0 || len(s.Profiles()) != 0 {
				t.Errorf("events %v, profiles %v", s.Events(), s.Profiles())
			}
		})
	}
}

// Both the row and the event may say that it is history.
func TestBulkEventsBackfill(t *testing.T) {
	t.Parallel()

	s := klaviyotest.New(klaviyotest.Options{})

	body := bulkEvents(
		eventRow(`"backfill":true,`, `{"external_id":"1"}`, inRow(`"unique_id":"1",`), inRow(`"unique_id":"2","backfill":false,`)),
		eventRow("", `{"external_id":"1"}`, inRow(`"unique_id":"3","backfill":true,`), inRow(`"unique_id":"4",`)),
	)
	if a := ask(t, s, "POST", "/api/event-bulk-create-jobs", body, nil); a.Status != http.StatusAccepted {
		t.Fatalf("%d %+v", a.Status, a.Errors)
	}

	got := map[string]bool{}
	for _, e := range s.Events() {
		got[e.UniqueID] = e.Backfill
	}

	if diff := cmp.Diff(map[string]bool{"1": true, "2": true, "3": true, "4": false}, got); diff != "" {
		t.Errorf("backfill (-want +got):\n%s", diff)
	}
}
