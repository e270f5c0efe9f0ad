package customerevents

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// What fails once is answered by 503, and the second delivery brings exactly one profile.
func TestRedelivery(t *testing.T) {
	t.Parallel()

	const anHour = functiontest.AnHour

	created := message(t, "CustomerCreated", object{"customer": customer(t, nil)})
	updated := change(t, "ResourceUpdated")

	tests := []struct {
		name    string
		payload string
		options functiontest.Options
	}{
		{"klaviyo 429, created", created, functiontest.Options{AtKlaviyo: functiontest.First("/api/profiles", faulttest.Fault{Status: 429, RetryAfter: anHour})}},
		{"klaviyo 429, updated", updated, functiontest.Options{AtKlaviyo: functiontest.First("/api/profile-import", faulttest.Fault{Status: 429, RetryAfter: anHour})}},
		{"klaviyo 500", created, functiontest.Options{AtKlaviyo: functiontest.First("/api", faulttest.Fault{Status: 500, RetryAfter: anHour})}},
		{"klaviyo 503 that is not JSON", updated, functiontest.Options{AtKlaviyo: functiontest.First("/api", faulttest.Fault{
			Status: 503, RetryAfter: anHour, Body: "<html>", ContentType: "text/html",
		})}},
		{"klaviyo 401", created, functiontest.Options{AtKlaviyo: functiontest.First("/api", faulttest.Fault{Status: 401})}},
		{"klaviyo 403 that is not JSON", created, functiontest.Options{AtKlaviyo: functiontest.First("/api", faulttest.Fault{
			Status: 403, Body: "<html>", ContentType: "text/html",
		})}},
		{"commercetools 503", updated, functiontest.Options{AtCommercetools: functiontest.First("/customers", faulttest.Fault{Status: 503, RetryAfter: anHour})}},
		{"commercetools 403", updated, functiontest.Options{AtCommercetools: functiontest.First("/customers", faulttest.Fault{Status: 403})}},
		{"commercetools 404 that is not its own", updated, functiontest.Options{AtCommercetools: functiontest.First("/customers", faulttest.Fault{Status: 404, Body: "<html>"})}},
		{"token 400", updated, functiontest.Options{AtCommercetools: functiontest.First("/oauth/token", faulttest.Fault{
			Status: 400, Body: `{"error":"invalid_scope"}`, ContentType: "application/json",
		})}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := open(t, tt.options)
			s.Commercetools.Put("customers", customer(t, nil))

			if status := s.Deliver(t, tt.payload); status != http.StatusServiceUnavailable {
				t.Errorf("first delivery: status %d, want 503", status)
			}

			s.Restart(t) // The first instance's client keeps the pause that Klaviyo asked for.
			s.Acknowledged(t, tt.payload)

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

	s := open(t, functiontest.Options{AtKlaviyo: functiontest.First("/api/profiles", faulttest.Fault{ResetAfter: true})})
	s.Commercetools.Put("customers", customer(t, nil))

	payload := message(t, "CustomerCreated", object{"customer": customer(t, nil)})
	s.UntilAcknowledged(t, payload)

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
		options functiontest.Options
		want    map[string]string
	}{
		{"refused", message(t, "CustomerCreated", object{"customer": refused}), functiontest.Options{}, map[string]string{
			"function": "CustomerEvents", "message_id": "m1", "resource": "customer/" + id,
			"reason": "klaviyo_rejected", "klaviyo_status": "400", "klaviyo_code": "invalid", "klaviyo_pointer": "/data/attributes/email",
			"error": "klaviyo: POST /api/profile-import: status 400 Bad Request; invalid at /data/attributes/email",
		}},
		{"conflict for good", change(t, "ResourceUpdated"), functiontest.Options{
			AtKlaviyo: func(*http.Request) faulttest.Fault { return conflict },
		}, map[string]string{
			"function": "CustomerEvents", "resource": "customer/" + id,
			"reason": "conflict", "klaviyo_status": "409", "klaviyo_code": "duplicate_profile",
			"error": "klaviyo: POST /api/profile-import: status 409 Conflict; duplicate_profile",
		}},
		{"customer of another shape", message(t, "CustomerCreated", object{"customer": object{"id": id, "email": 7}}), functiontest.Options{}, map[string]string{
			"function": "CustomerEvents", "message_id": "m1", "resource": "customer/" + id, "reason": "unreadable",
		}},
		{"no message", "hello", functiontest.Options{}, map[string]string{
			"function": "CustomerEvents", "reason": "unreadable", "error": "delivery: unreadable: no JSON at byte 1",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := open(t, tt.options)
			s.Commercetools.Put("customers", refused)
			s.ExpectParked(t, tt.payload, tt.want)

			tt.options.ParkingFails = true
			s = open(t, tt.options)
			s.Commercetools.Put("customers", refused)

			if status := s.Deliver(t, tt.payload); status != http.StatusServiceUnavailable {
				t.Errorf("status %d when parking fails, want 503", status)
			}
		})
	}
}

// What Klaviyo refused may have been corrected since.
func TestCorrected(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.Commercetools.Put("customers", customer(t, nil))
	s.Done(t, message(t, "CustomerCreated", object{"customer": customer(t, object{"email": "ann at example.org"})}))

	if profiles := s.Klaviyo.Profiles(); len(profiles) != 1 {
		t.Errorf("%d profiles, want the customer's", len(profiles))
	}
}

// When there is nobody any more to correct it, a refusal is all that is left of the customer, and is kept: unless the shop
// erases data, or the profile is there already.
func TestRefusedAndGone(t *testing.T) {
	t.Parallel()

	refused := message(t, "CustomerCreated", object{"customer": customer(t, object{"email": "ann at example.org"})})

	s := open(t, functiontest.Options{})
	s.ExpectParked(t, refused, map[string]string{
		"function": "CustomerEvents", "message_id": "m1", "resource": "customer/" + id,
		"reason": "klaviyo_rejected", "klaviyo_status": "400", "klaviyo_code": "invalid", "klaviyo_pointer": "/data/attributes/email",
		"error": "klaviyo: POST /api/profiles: status 400 Bad Request; invalid at /data/attributes/email",
	})

	created := message(t, "CustomerCreated", object{"customer": customer(t, nil)})

	for name, tt := range map[string]struct {
		config  string
		before  []profile
		payload string
	}{
		"erasure":       {config: erasure, payload: refused},
		"deduplication": {config: `{"customer":{"deduplication":{"enabled":true}}}`, payload: refused},
		"there already": {before: []profile{{externalID: id}}, payload: created},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{Config: tt.config})
			s.create(t, tt.before...)
			s.Done(t, tt.payload)

			if line := s.LastLine(t); line["reason"] != "gone from commercetools" || len(s.profiles()) != len(tt.before) {
				t.Errorf("profiles %v, logged %v", s.profiles(), line)
			}
		})
	}
}

func TestMissingSettings(t *testing.T) {
	t.Parallel()

	payload := change(t, "ResourceUpdated")

	functiontest.ExpectMissing(t, newHandler, map[string]string{"CT_API_URL": "", "KLAVIYO_AUTH_KEY": ""}, payload,
		"CT_API_URL is required", "KLAVIYO_AUTH_KEY is required")
	functiontest.ExpectMissing(t, newHandler, map[string]string{"CONFIG_JSON": `{"customer":{"dedup":1}}`}, payload, "CONFIG_JSON", "customer.dedup")
	functiontest.ExpectMissing(t, newHandler, map[string]string{"PARKED_TOPIC": "parked"}, payload, "GOOGLE_CLOUD_PROJECT is required")
}

func TestDuplicatesAtOnce(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.Commercetools.Put("customers", customer(t, nil))

	var all sync.WaitGroup
	for range 4 {
		for _, payload := range []string{
			message(t, "CustomerCreated", object{"customer": customer(t, nil)}), change(t, "ResourceCreated"),
		} {
			all.Go(func() { s.Acknowledged(t, payload) })
		}
	}

	all.Wait()

	if diff := cmp.Diff([]object{ann(nil)}, s.profiles()); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

func TestOldMessageComesLast(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.Commercetools.Put("customers", customer(t, object{"lastName": "Newest"}))

	s.Acknowledged(t, change(t, "ResourceUpdated"),
		message(t, "CustomerCreated", object{"customer": customer(t, object{"lastName": "Oldest"})}))

	if diff := cmp.Diff([]object{ann(object{"last_name": "Newest"})}, s.profiles()); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

// While a writing waits, another instance handles a message about a newer change from start to end. The older state is
// written last, but it must not stay.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			s     shop
			other http.HandlerFunc
		)

		s = open(t, functiontest.Options{InMemory: true, AtKlaviyo: functiontest.Overtaken("POST /api/profile-import", func() {
			s.Commercetools.Put("customers", customer(t, object{"lastName": "Newest"}))

			if status := functiontest.Deliver(t, other, change(t, "ResourceUpdated")); status != http.StatusNoContent {
				t.Errorf("the newer message: status %d, want 204", status)
			}
		})})
		other = s.Instance(t)

		s.Commercetools.Put("customers", customer(t, object{"lastName": "Older"}))
		s.Acknowledged(t, change(t, "ResourceUpdated"))

		if diff := cmp.Diff([]object{ann(object{"last_name": "Newest"})}, s.profiles()); diff != "" {
			t.Errorf("profiles (-want +got):\n%s", diff)
		}

		// The other instance's, and twice the first one's.
		s.ExpectRequests(t, 1+2, 1+2)
	})
}

// However many messages there are about a customer, they cost two turns: the one that is in hand when they come, and one for
// all of them.
func TestTurns(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		payload       string
		read, written int // of one message
		// allRead and allWritten are of ten.
		allRead, allWritten int
	}{
		"updated":      {change(t, "ResourceUpdated"), 1, 1, 2, 2},
		"company name": {message(t, "CustomerCompanyNameSet", nil), 1, 1, 2, 2},
		// The second creation finds the first, and updates it.
		"created":            {message(t, "CustomerCreated", object{"customer": customer(t, nil)}), 0, 1, 1, 3},
		"created, too large": {functiontest.TooLarge(t, "customer", id, "CustomerCreated"), 1, 1, 3, 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				one := open(t, functiontest.Options{InMemory: true, AtKlaviyo: functiontest.Slow})
				one.Commercetools.Put("customers", customer(t, nil))
				one.Done(t, tt.payload)
				one.ExpectRequests(t, tt.read, tt.written)

				ten := open(t, functiontest.Options{InMemory: true, AtKlaviyo: functiontest.Slow})
				ten.Commercetools.Put("customers", customer(t, nil))
				ten.Duplicates(t, tt.payload)
				ten.ExpectRequests(t, tt.allRead, tt.allWritten)

				if diff := cmp.Diff(one.profiles(), ten.profiles()); diff != "" {
					t.Errorf("profiles (-one +ten):\n%s", diff)
				}
			})
		})
	}
}
