package customerevents

import (
	stdcmp "cmp"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// erasable opens a shop in which Ann's profile and somebody else's are, and Ann is gone from commercetools. Without another
// config, it is erasure.
func erasable(t *testing.T, o functiontest.Options) shop {
	t.Helper()

	o.Config = stdcmp.Or(o.Config, erasure)
	s := open(t, o)
	s.Commercetools.Put("customers")
	s.create(t, profile{id, email, phone}, profile{externalID: "another", email: "other@example.org"})

	return s
}

// expectErased looks that the other profile alone is left.
func (s shop) expectErased(t *testing.T) {
	t.Helper()

	want := []object{{"external_id": "another", "email": "other@example.org"}}
	if diff := cmp.Diff(want, s.profiles()); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

func TestErasure(t *testing.T) {
	t.Parallel()

	for format, payload := range functiontest.Formats(t, erased(t)) {
		t.Run(format, func(t *testing.T) {
			t.Parallel()

			s := erasable(t, functiontest.Options{Checked: true})
			s.Done(t, payload)
			s.expectErased(t)
			s.ExpectRequests(t, 0, 2)

			// The second delivery finds nothing to do.
			s.Done(t, payload)
			s.expectErased(t)

			if reason := s.LastLine(t)["reason"]; reason != "no profile has the customer's id" {
				t.Errorf("reason %v", reason)
			}
		})
	}
}

func TestPlainDeletionErasesNothing(t *testing.T) {
	t.Parallel()

	for name, payload := range map[string]string{
		"without":  change(t, "ResourceDeleted"),
		"false":    strings.Replace(erased(t), "true", "false", 1),
		"null":     strings.Replace(erased(t), "true", "null", 1),
		"no order": strings.Replace(erased(t), `"customer"`, `"order"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := erasable(t, functiontest.Options{})
			s.Done(t, payload)
			s.ExpectRequests(t, 0, 0)

			if n := len(s.profiles()); n != 2 {
				t.Errorf("%d profiles, want 2", n)
			}
		})
	}
}

// What comes after the erasure, however late, does not bring the profile back; and what came before is erased with it.
func TestErasureInAnyOrder(t *testing.T) {
	t.Parallel()

	created := message(t, "CustomerCreated", object{"customer": customer(t, nil)})
	others := map[string]string{
		"created":               created,
		"created, not included": functiontest.TooLarge(t, "customer", id, "CustomerCreated"),
		"created, as a change":  change(t, "ResourceCreated"),
		"updated":               change(t, "ResourceUpdated"),
		"company name":          message(t, "CustomerCompanyNameSet", nil),
		"address":               message(t, "CustomerAddressChanged", nil),
		"deleted again":         change(t, "ResourceDeleted"),
	}

	for name, other := range others {
		for order, payloads := range map[string][]string{
			"before": {other, erased(t)}, "after": {erased(t), other}, "twice after": {erased(t), other, erased(t), other},
		} {
			for kind, config := range map[string]string{
				"": erasure, ", with deduplication": `{"customer":{"dataErasure":{"enabled":true},"deduplication":{"enabled":true}}}`,
			} {
				t.Run(name+" "+order+kind, func(t *testing.T) {
					t.Parallel()

					s := erasable(t, functiontest.Options{Config: config})
					s.Done(t, payloads...)
					s.expectErased(t)
				})
			}
		}
	}
}

// A customer that lived so briefly that every message about it comes after its end leaves nothing.
func TestErasureOfWhatNeverWas(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{Config: erasure})
	s.Done(t, erased(t), message(t, "CustomerCreated", object{"customer": customer(t, nil)}), change(t, "ResourceUpdated"))

	if diff := cmp.Diff([]object(nil), s.profiles()); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

func TestErasureIsTriedAgain(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]faulttest.Fault{
		"429":               {Status: 429, RetryAfter: functiontest.AnHour},
		"503":               {Status: 503, RetryAfter: functiontest.AnHour},
		"without the scope": {Status: 403, Body: `{"errors":[{"code":"permission_denied"}]}`, ContentType: "application/vnd.api+json"},
		"not Klaviyo's 404": {Status: 404, Body: "<html>", ContentType: "text/html"},
	} {
		for what, path := range map[string]string{"found": "/api/profiles", "asked for": "/api/data-privacy-deletion-jobs"} {
			t.Run(name+", "+what, func(t *testing.T) {
				t.Parallel()

				s := erasable(t, functiontest.Options{AtKlaviyo: functiontest.First(path, fault)})

				if status := s.Deliver(t, erased(t)); status != http.StatusServiceUnavailable {
					t.Errorf("first delivery: status %d, want 503", status)
				}

				s.Restart(t)
				s.Done(t, erased(t))
				s.expectErased(t)
			})
		}
	}
}

func TestErasureIsDone(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		fault faulttest.Fault
		// ours is whether Klaviyo has got it from here; what somebody else asked for is not in this Klaviyo.
		ours bool
	}{
		"the answer was lost": {faulttest.Fault{ResetAfter: true}, true},
		"somebody was faster": {faulttest.Fault{Status: 404, Body: `{"errors":[{"code":"not_found"}]}`, ContentType: "application/vnd.api+json"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := erasable(t, functiontest.Options{AtKlaviyo: functiontest.First("/api/data-privacy-deletion-jobs", c.fault)})
			s.Done(t, erased(t))

			if c.ours {
				s.expectErased(t)
			}
		})
	}
}

func TestErasureThatCantBeRead(t *testing.T) {
	t.Parallel()

	s := erasable(t, functiontest.Options{})
	s.ExpectParked(t, strings.Replace(erased(t), "true", `"yes"`, 1), map[string]string{
		"function": "CustomerEvents", "resource": "customer/" + id, "reason": "unreadable",
	})
}
