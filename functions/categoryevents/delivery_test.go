package categoryevents

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// What fails once is answered by 503, and the second delivery brings the category to what it should be.
func TestRedelivery(t *testing.T) {
	t.Parallel()

	updated, deleted := changed(t, "ResourceUpdated"), changed(t, "ResourceDeleted")
	is, gone := map[string]string{pants: "Women > Pants"}, map[string]string{}

	tests := []struct {
		name    string
		payload string
		options functiontest.Options
		want    map[string]string
	}{
		{"klaviyo 429", updated, functiontest.Options{AtKlaviyo: functiontest.First("PATCH", faulttest.Fault{Status: 429, RetryAfter: functiontest.AnHour})}, is},
		{"klaviyo 429, new", updated, functiontest.Options{AtKlaviyo: functiontest.First("POST", faulttest.Fault{Status: 429, RetryAfter: functiontest.AnHour})}, is},
		{"klaviyo 429, deleted", deleted, functiontest.Options{AtKlaviyo: functiontest.First("DELETE", faulttest.Fault{Status: 429, RetryAfter: functiontest.AnHour})}, gone},
		{"klaviyo 500", updated, functiontest.Options{AtKlaviyo: functiontest.First("/api", faulttest.Fault{Status: 500, RetryAfter: functiontest.AnHour})}, is},
		{"klaviyo 401", deleted, functiontest.Options{AtKlaviyo: functiontest.First("/api", faulttest.Fault{Status: 401})}, gone},
		{"klaviyo 403 that is not JSON", updated, functiontest.Options{AtKlaviyo: functiontest.First("/api", faulttest.Fault{Status: 403, Body: "<html>"})}, is},
		{"commercetools 503", updated, functiontest.Options{AtCommercetools: functiontest.First("/categories", faulttest.Fault{Status: 503, RetryAfter: functiontest.AnHour})}, is},
		{"commercetools 404 that is not its own", updated, functiontest.Options{
			AtCommercetools: functiontest.First("/categories", faulttest.Fault{Status: 404, Body: "<html>"}),
		}, is},
		{"commercetools 200 that is no category", updated, functiontest.Options{
			AtCommercetools: functiontest.First("/categories", faulttest.Fault{Status: 200, Body: "{}"}),
		}, is},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := open(t, tt.options)

			if status := s.Deliver(t, tt.payload); status != http.StatusServiceUnavailable {
				t.Errorf("first delivery: status %d, want 503", status)
			}

			s.Restart(t) // The first instance's client keeps the pause that Klaviyo asked for.
			s.Acknowledged(t, tt.payload)

			if diff := cmp.Diff(tt.want, names(s)); diff != "" {
				t.Errorf("categories (-want +got):\n%s", diff)
			}
		})
	}
}

// A connection that breaks after Klaviyo has done its part leaves the function in the dark.
func TestAnswerIsLost(t *testing.T) {
	t.Parallel()

	for method, want := range map[string]string{"POST": "Women > Pants", "PATCH": "Women > Pants", "DELETE": ""} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{AtKlaviyo: functiontest.First(method, faulttest.Fault{ResetAfter: true})})

			payloads := []string{changed(t, "ResourceCreated"), changed(t, "ResourceUpdated")}
			if want == "" {
				payloads = append(payloads, changed(t, "ResourceDeleted"))
			}

			for _, payload := range payloads {
				s.UntilAcknowledged(t, payload)
			}

			if got := names(s)[pants]; got != want {
				t.Errorf("category %q, want %q", got, want)
			}
		})
	}
}

func TestParked(t *testing.T) {
	t.Parallel()

	refusal := faulttest.Fault{Status: 400, ContentType: "application/vnd.api+json", Body: `{"errors":[{"id":"1","status":400,"code":"invalid",` +
		`"title":"Invalid input.","detail":"No.","source":{"pointer":"/data/attributes/name"}}]}`}
	o := functiontest.Options{AtKlaviyo: func(*http.Request) faulttest.Fault { return refusal }}

	open(t, o).ExpectParked(t, created(t), map[string]string{
		"function": "CategoryEvents", "message_id": "m1", "resource": "category/" + pants,
		"reason": "klaviyo_rejected", "klaviyo_status": "400", "klaviyo_code": "invalid", "klaviyo_pointer": "/data/attributes/name",
		"error": "klaviyo: PATCH /api/catalog-categories/$custom:::$default:::" + pants + ": status 400 Bad Request; invalid at /data/attributes/name",
	})

	o.ParkingFails = true
	if status := open(t, o).Deliver(t, created(t)); status != http.StatusServiceUnavailable {
		t.Errorf("status %d when parking fails, want 503", status)
	}
}

// While a writing waits, another instance handles a message about a newer change from start to end. The older state is
// written last, but it must not stay.
func TestOvertaken(t *testing.T) {
	t.Parallel()

	for name, newer := range map[string]string{"renamed": "Jeans", "deleted": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { overtaken(t, newer) })
		})
	}
}

func overtaken(t *testing.T, newer string) {
	t.Helper()

	var (
		s     *functiontest.Shop
		other http.HandlerFunc
	)

	s = open(t, functiontest.Options{InMemory: true, AtKlaviyo: functiontest.Overtaken("PATCH", func() {
		kind := delivery.ResourceUpdated
		if newer == "" {
			kind = delivery.ResourceDeleted

			s.Commercetools.Delete("categories", pants)
		} else {
			s.Commercetools.Put("categories", category(pants, newer))
		}

		if status := functiontest.Deliver(t, other, changed(t, kind)); status != http.StatusNoContent {
			t.Errorf("%s: status %d, want 204", kind, status)
		}
	})})
	other = s.Instance(t)

	s.Acknowledged(t, changed(t, delivery.ResourceUpdated))

	if got := names(s)[pants]; got != newer {
		t.Errorf("category %q, want %q", got, newer)
	}
}

// However many messages there are about a category, they cost two turns: the one that is in hand when they come, and one for
// all of them.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, functiontest.Options{InMemory: true, AtKlaviyo: functiontest.Slow})
		s.Done(t, changed(t, delivery.ResourceCreated))
		s.ExpectRequests(t, 1, 2)
		s.Done(t, changed(t, delivery.ResourceUpdated))
		s.ExpectRequests(t, 1, 1)
		s.Duplicates(t, changed(t, delivery.ResourceUpdated))
		s.ExpectRequests(t, 2, 2)
		s.Duplicates(t, changed(t, delivery.ResourceDeleted))
		s.ExpectRequests(t, 0, 2)
	})
}

func TestMissingSettings(t *testing.T) {
	t.Parallel()
	functiontest.ExpectMissing(t, newHandler, map[string]string{"CT_API_URL": "", "PREFERRED_LOCALE": "?", "PARKED_TOPIC": "parked"}, changed(t, "ResourceUpdated"),
		"CT_API_URL is required", "PREFERRED_LOCALE", "GOOGLE_CLOUD_PROJECT is required")
}

// With its settings in place the function does its work, and the names are in the preferred language.
func TestDeployed(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})

	handler := s.Deployed(t, newHandler, map[string]string{"PREFERRED_LOCALE": "en-US"})
	if status := functiontest.Deliver(t, handler, created(t)); status != http.StatusNoContent {
		t.Errorf("status %d, want 204; the log: %v", status, s.LastLine(t))
	}

	if diff := cmp.Diff(map[string]string{pants: "Women > Pants"}, names(s)); diff != "" {
		t.Errorf("categories (-want +got):\n%s", diff)
	}
}
