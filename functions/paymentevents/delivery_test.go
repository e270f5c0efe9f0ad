package paymentevents

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// openRefunded opens a shop with Ann's order, paid back.
func openRefunded(t *testing.T, o functiontest.Options) shop {
	t.Helper()

	s := open(t, o)
	s.stock(t, id, "other")
	s.Commercetools.Put("payments", payment(t, id, "2026-01-02T03:04:00Z", transaction("t1", 1999, nil)))

	return s
}

// What fails once is answered by 503, and the second delivery brings the event exactly once.
func TestRedelivery(t *testing.T) {
	t.Parallel()

	tests := map[string]functiontest.Options{
		"klaviyo 429":                        {AtKlaviyo: functiontest.First("/api/events", faulttest.Fault{Status: 429, RetryAfter: functiontest.AnHour})},
		"klaviyo 503":                        {AtKlaviyo: functiontest.First("/api", faulttest.Fault{Status: 503, RetryAfter: functiontest.AnHour})},
		"klaviyo 401":                        {AtKlaviyo: functiontest.First("/api", faulttest.Fault{Status: 401})},
		"klaviyo 403 that is not JSON":       {AtKlaviyo: functiontest.First("/api", faulttest.Fault{Status: 403, Body: "<html>"})},
		"payment 503":                        {AtCommercetools: functiontest.First("/payments/", faulttest.Fault{Status: 503, RetryAfter: functiontest.AnHour})},
		"payment 404 that is not theirs":     {AtCommercetools: functiontest.First("/payments/", faulttest.Fault{Status: 404, Body: "<html>"})},
		"order 500":                          {AtCommercetools: functiontest.First("/orders", faulttest.Fault{Status: 500, RetryAfter: functiontest.AnHour})},
		"order without an answer":            {AtCommercetools: functiontest.First("/orders", faulttest.Fault{Status: 200, Body: "{}"})},
		"other payments 403":                 {AtCommercetools: functiontest.Nth(2, "/payments", faulttest.Fault{Status: 403})},
		"products 502":                       {AtCommercetools: functiontest.First("/product-projections", faulttest.Fault{Status: 502, RetryAfter: functiontest.AnHour})},
		"token 400, which is no message's":   {AtCommercetools: functiontest.First("/oauth/token", faulttest.Fault{Status: 400})},
		"the transaction is not there yet":   {AtCommercetools: functiontest.First("/payments/", faulttest.Fault{Status: 200, Body: `{"id":"` + id + `"}`})},
		"the payment is of another's making": {AtCommercetools: functiontest.First("/payments/", faulttest.Fault{Status: 200, Body: `<html>`})},
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openRefunded(t, o)

			if status := s.Deliver(t, stateChanged(t, "Success")); status != http.StatusServiceUnavailable {
				t.Errorf("first delivery: status %d, want 503", status)
			}

			s.ExpectEvents(t)
			s.Restart(t) // The first instance's client keeps the pause that Klaviyo asked for.
			s.Done(t, stateChanged(t, "Success"))
			s.ExpectEvents(t, refunded)

			if e := s.Event(t, "Refunded Order", "o1"); e.Received != 1 {
				t.Errorf("the event came in %d times, want 1", e.Received)
			}
		})
	}
}

// A connection that breaks after Klaviyo has done its part leaves the function in the dark; it may send again.
func TestAnswerIsLost(t *testing.T) {
	t.Parallel()

	s := openRefunded(t, functiontest.Options{AtKlaviyo: functiontest.First("/api/events", faulttest.Fault{ResetAfter: true})})
	s.UntilAcknowledged(t, added(t, nil))
	s.ExpectEvents(t, refunded)
}

func TestParked(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		payload string
		options functiontest.Options
		want    map[string]string
	}{
		"refused": {added(t, nil), functiontest.Options{AtKlaviyo: functiontest.First("/api", faulttest.Fault{
			Status: 400, Body: `{"errors":[{"id":"1","status":400,"code":"invalid","title":"Invalid","detail":"x","source":{"pointer":"/data/attributes/value"}}]}`,
		})}, map[string]string{
			"message_id": "m1", "resource": "payment/" + id, "reason": "klaviyo_rejected",
			"klaviyo_status": "400", "klaviyo_code": "invalid", "klaviyo_pointer": "/data/attributes/value",
		}},
		"query refused": {added(t, nil), functiontest.Options{AtCommercetools: functiontest.First("/orders", faulttest.Fault{
			Status: 400, Body: `{"errors":[{"code":"InvalidInput"}]}`,
		})}, map[string]string{"message_id": "m1", "resource": "payment/" + id, "reason": "commercetools_rejected"}},
		"transaction of another shape": {
			message(t, "PaymentTransactionAdded", object{"transaction": 7}),
			functiontest.Options{},
			map[string]string{"message_id": "m1", "resource": "payment/" + id, "reason": "unreadable"},
		},
		"no message": {"hello", functiontest.Options{}, map[string]string{"reason": "unreadable"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openRefunded(t, tt.options)
			tt.want["function"] = "PaymentEvents"
			s.ExpectParked(t, tt.payload, tt.want)
			s.ExpectEvents(t)
		})
	}

	s := openRefunded(t, functiontest.Options{ParkingFails: true})
	if status := s.Deliver(t, "hello"); status != http.StatusServiceUnavailable {
		t.Errorf("status %d when parking fails, want 503", status)
	}
}

// A refund that Klaviyo refuses for good doesn't keep the others of its payment from it.
func TestRefusedRefund(t *testing.T) {
	t.Parallel()

	s := openRefunded(t, functiontest.Options{AtKlaviyo: functiontest.First("/api/events", faulttest.Fault{Status: 413})})
	s.Commercetools.Put("payments", payment(t, id, "2026-01-02T03:04:00Z",
		transaction("t1", 1999, nil), transaction("t2", 500, object{"timestamp": "2026-01-05T00:00:00Z"}), transaction("t3", 250, object{"timestamp": "2026-01-06T00:00:00Z"})))
	s.ExpectParked(t, tooLarge(t, "PaymentTransactionAdded"), map[string]string{
		"function": "PaymentEvents", "message_id": "m1", "resource": "payment/" + id, "reason": "klaviyo_rejected", "klaviyo_status": "413",
	})

	if n := len(s.Klaviyo.Events()); n != 2 {
		t.Errorf("%d events, want the other 2", n)
	}
}

func TestDuplicatesAtOnce(t *testing.T) {
	t.Parallel()

	s := openRefunded(t, functiontest.Options{})

	var all sync.WaitGroup
	for range 4 {
		for _, payload := range []string{added(t, object{"state": "Initial"}), stateChanged(t, "Success"), tooLarge(t, "PaymentTransactionAdded")} {
			all.Go(func() { s.Acknowledged(t, payload) })
		}
	}

	all.Wait()
	s.ExpectEvents(t, refunded)

	if e := s.Event(t, "Refunded Order", "o1"); e.Received != 12 {
		t.Errorf("the event came in %d times, want 12", e.Received)
	}
}

func TestMissingSettings(t *testing.T) {
	t.Parallel()

	payload := added(t, nil)

	functiontest.ExpectMissing(t, newHandler, map[string]string{"CT_API_URL": "", "KLAVIYO_AUTH_KEY": "", "PREFERRED_LOCALE": "??"}, payload,
		"CT_API_URL is required", "KLAVIYO_AUTH_KEY is required", "PREFERRED_LOCALE")
	functiontest.ExpectMissing(t, newHandler, map[string]string{"CONFIG_JSON": `{"payment":{"state":1}}`}, payload, "CONFIG_JSON", "payment.state")
	functiontest.ExpectMissing(t, newHandler, map[string]string{"PARKED_TOPIC": "parked"}, payload, "GOOGLE_CLOUD_PROJECT is required")
}

// With its settings in place the function does its work.
func TestDeployed(t *testing.T) {
	t.Parallel()

	s := openRefunded(t, functiontest.Options{})
	s.Commercetools.Put("categories", json.RawMessage(`{"id":"women","name":{"de":"Damen","en":"Women"}}`))

	handler := s.Deployed(t, newHandler, map[string]string{"PREFERRED_LOCALE": "en-US"})
	if status := functiontest.Deliver(t, handler, added(t, nil)); status != http.StatusNoContent {
		t.Errorf("status %d, want 204; the log: %v", status, s.LastLine(t))
	}

	s.ExpectEvents(t, refunded)

	if diff := cmp.Diff([]any{"Women"}, s.Event(t, "Refunded Order", "o1").Properties["Categories"]); diff != "" {
		t.Errorf("Categories (-want +got):\n%s", diff)
	}
}
