package customerevents

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/faulttest"
)

// first lets a fault happen at the first request to a path, and at none after.
func first(path string, f faulttest.Fault) func(*http.Request) faulttest.Fault {
	var seen atomic.Bool

	return func(r *http.Request) faulttest.Fault {
		if strings.Contains(r.URL.Path, path) && seen.CompareAndSwap(false, true) {
			return f
		}

		return faulttest.Fault{}
	}
}

// What fails once is answered by 503, and the second delivery brings exactly one profile.
func TestRedelivery(t *testing.T) {
	t.Parallel()

	// An hour is longer than a message may take, so that the clients hand the answer on at once.
	const anHour = "3600"

	created := message(t, "CustomerCreated", object{"customer": customer(t, nil)})
	updated := change(t, "ResourceUpdated", "customer")

	tests := []struct {
		name    string
		payload string
		options options
	}{
		{"klaviyo 429, created", created, options{atKlaviyo: first("/api/profiles", faulttest.Fault{Status: 429, RetryAfter: anHour})}},
		{"klaviyo 429, updated", updated, options{atKlaviyo: first("/api/profile-import", faulttest.Fault{Status: 429, RetryAfter: anHour})}},
		{"klaviyo 500", created, options{atKlaviyo: first("/api", faulttest.Fault{Status: 500, RetryAfter: anHour})}},
		{"klaviyo 503 that is not JSON", updated, options{atKlaviyo: first("/api", faulttest.Fault{
			Status: 503, RetryAfter: anHour, Body: "<html>", ContentType: "text/html",
		})}},
		{"klaviyo 401", created, options{atKlaviyo: first("/api", faulttest.Fault{Status: 401})}},
		{"klaviyo 403 that is not JSON", created, options{atKlaviyo: first("/api", faulttest.Fault{
			Status: 403, Body: "<html>", ContentType: "text/html",
		})}},
		{"commercetools 503", updated, options{atCommercetools: first("/customers", faulttest.Fault{Status: 503, RetryAfter: anHour})}},
		{"commercetools 403", updated, options{atCommercetools: first("/customers", faulttest.Fault{Status: 403})}},
		{"commercetools 404 that is not its own", updated, options{atCommercetools: first("/customers", faulttest.Fault{Status: 404, Body: "<html>"})}},
		{"token 400", updated, options{atCommercetools: first("/oauth/token", faulttest.Fault{
			Status: 400, Body: `{"error":"invalid_scope"}`, ContentType: "application/json",
		})}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := open(t, tt.options)
			s.ct.Put("customers", customer(t, nil))

			if status := s.deliver(t, tt.payload); status != http.StatusServiceUnavailable {
				t.Errorf("first delivery: status %d, want 503", status)
			}

			s.start(t) // The first instance's client keeps the pause that Klaviyo asked for.

			if status := s.deliver(t, tt.payload); status != http.StatusNoContent {
				t.Errorf("second delivery: status %d, want 204", status)
			}

			if diff := cmp.Diff([]object{ann(nil)}, s.profiles()); diff != "" {
				t.Errorf("profiles (-want +got):\n%s", diff)
			}
		})
	}
}

// A connection that breaks after Klaviyo has done its part leaves the function in the dark; the client's repeat, or the
// next delivery, finds the profile there.
func TestAnswerIsLost(t *testing.T) {
	t.Parallel()

	s := open(t, options{atKlaviyo: first("/api/profiles", faulttest.Fault{ResetAfter: true})})
	s.ct.Put("customers", customer(t, nil))

	payload := message(t, "CustomerCreated", object{"customer": customer(t, nil)})
	for s.deliver(t, payload) != http.StatusNoContent { //nolint:revive // as often as Pub/Sub would
	}

	if diff := cmp.Diff([]object{ann(nil)}, s.profiles()); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

func TestParked(t *testing.T) {
	t.Parallel()

	refused := customer(t, object{"email": "ann at example.org"})
	conflict := faulttest.Fault{Status: 409, ContentType: "application/vnd.api+json", Body: `{"errors":[{"id":"1","status":409,` +
		`"code":"duplicate_profile","title":"Conflict.","detail":"A profile already exists with one of these identifiers."}]}`}

	tests := []struct {
		name    string
		payload string
		options options
		want    map[string]string
	}{
		{"refused", message(t, "CustomerCreated", object{"customer": refused}), options{}, map[string]string{
			"function": "CustomerEvents", "message_id": "m1", "resource": "customer/" + id,
			"reason": "klaviyo_rejected", "klaviyo_status": "400", "klaviyo_code": "invalid", "klaviyo_pointer": "/data/attributes/email",
			"error": "klaviyo: POST /api/profiles: status 400 Bad Request; invalid at /data/attributes/email",
		}},
		{"conflict for good", change(t, "ResourceUpdated", "customer"), options{
			atKlaviyo: func(*http.Request) faulttest.Fault { return conflict },
		}, map[string]string{
			"function": "CustomerEvents", "resource": "customer/" + id,
			"reason": "conflict", "klaviyo_status": "409", "klaviyo_code": "duplicate_profile",
			"error": "klaviyo: POST /api/profile-import: status 409 Conflict; duplicate_profile",
		}},
		{"customer of another shape", message(t, "CustomerCreated", object{"customer": object{"id": id, "email": 7}}), options{}, map[string]string{
			"function": "CustomerEvents", "message_id": "m1", "resource": "customer/" + id, "reason": "unreadable",
		}},
		{"no message", "hello", options{}, map[string]string{
			"function": "CustomerEvents", "reason": "unreadable", "error": "delivery: unreadable: no JSON at byte 1",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := open(t, tt.options)
			s.ct.Put("customers", customer(t, nil))
			s.expectParked(t, tt.payload, tt.want)

			tt.options.parkingFails = true
			s = open(t, tt.options)
			s.ct.Put("customers", customer(t, nil))

			if status := s.deliver(t, tt.payload); status != http.StatusServiceUnavailable {
				t.Errorf("status %d when parking fails, want 503", status)
			}
		})
	}
}

// expectParked delivers a payload that is parked with these attributes; the text of the error only if it is among them.
func (s *shop) expectParked(t *testing.T, payload string, want map[string]string) {
	t.Helper()

	if status := s.deliver(t, payload); status != http.StatusNoContent {
		t.Errorf("status %d, want 204", status)
	}

	if len(s.parker.parked) != 1 {
		t.Fatalf("parked %d messages, want 1", len(s.parker.parked))
	}

	parked := s.parker.parked[0]
	if string(parked.Data) != payload {
		t.Errorf("parked %s, want the message", parked.Data)
	}

	if want["error"] == "" {
		delete(parked.Attributes, "error")
	}

	if diff := cmp.Diff(want, parked.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func TestMissingSettings(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		change func(map[string]string)
		want   []string
	}{
		"two variables": {func(v map[string]string) { delete(v, "CT_API_URL"); v["KLAVIYO_AUTH_KEY"] = "" }, []string{
			"CT_API_URL is required", "KLAVIYO_AUTH_KEY is required",
		}},
		"the config file": {func(v map[string]string) { v["CONFIG_JSON"] = `{"customer":{"dedup":1}}` }, []string{"CONFIG_JSON", "customer.dedup"}},
		"the project of the parked topic": {func(v map[string]string) { v["PARKED_TOPIC"] = "parked" }, []string{
			"GOOGLE_CLOUD_PROJECT is required",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			env := variables("https://ct.example", "https://kl.example", "")
			tt.change(env)

			s := open(t, options{})
			s.handler = newHandler(envconfig.MapLookuper(env), s.log)

			for range 2 {
				if status := s.deliver(t, change(t, "ResourceUpdated", "customer")); status != http.StatusServiceUnavailable {
					t.Errorf("status %d, want 503", status)
				}
			}

			logged, _ := s.lastLine(t)["error"].(string)
			for _, want := range tt.want {
				if !strings.Contains(logged, want) {
					t.Errorf("logged %q, want it to name %q", logged, want)
				}
			}
		})
	}
}

func TestDuplicatesAtOnce(t *testing.T) {
	t.Parallel()

	s := open(t, options{})
	s.ct.Put("customers", customer(t, nil))

	var all sync.WaitGroup
	for range 4 {
		for _, payload := range []string{
			message(t, "CustomerCreated", object{"customer": customer(t, nil)}), change(t, "ResourceCreated", "customer"),
		} {
			all.Go(func() {
				if status := s.deliver(t, payload); status != http.StatusNoContent {
					t.Errorf("status %d, want 204", status)
				}
			})
		}
	}

	all.Wait()

	if diff := cmp.Diff([]object{ann(nil)}, s.profiles()); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

func TestOldMessageComesLast(t *testing.T) {
	t.Parallel()

	s := open(t, options{})
	s.ct.Put("customers", customer(t, object{"lastName": "Newest"}))

	for _, payload := range []string{
		change(t, "ResourceUpdated", "customer"),
		message(t, "CustomerCreated", object{"customer": customer(t, object{"lastName": "Oldest"})}),
	} {
		if status := s.deliver(t, payload); status != http.StatusNoContent {
			t.Errorf("status %d, want 204", status)
		}
	}

	if diff := cmp.Diff([]object{ann(object{"last_name": "Newest"})}, s.profiles()); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

// Between the reading and the writing of one message another one, about a newer change, is handled from start to end. The
// older state is written last, but it must not stay.
func TestOvertaken(t *testing.T) {
	t.Parallel()

	var (
		s        *shop
		overtake atomic.Bool
	)

	overtake.Store(true)

	s = open(t, options{atKlaviyo: func(r *http.Request) faulttest.Fault {
		if r.URL.Path == "/api/profile-import" && overtake.CompareAndSwap(true, false) {
			s.ct.Put("customers", customer(t, object{"lastName": "Newest", "lastModifiedAt": "2026-01-02T03:04:05.002Z"}))

			if status := s.deliver(t, change(t, "ResourceUpdated", "customer")); status != http.StatusNoContent {
				t.Errorf("the newer message: status %d, want 204", status)
			}
		}

		return faulttest.Fault{}
	}})
	s.ct.Put("customers", customer(t, object{"lastName": "Older"}))

	if status := s.deliver(t, change(t, "ResourceUpdated", "customer")); status != http.StatusNoContent {
		t.Errorf("the older message: status %d, want 204", status)
	}

	if diff := cmp.Diff([]object{ann(object{"last_name": "Newest"})}, s.profiles()); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}
