package orderevents

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// What fails once is answered by 503, and the second delivery brings each event exactly once.
func TestRedelivery(t *testing.T) {
	t.Parallel()

	created := message(t, "OrderCreated", object{"order": order(t, nil)})
	large := tooLarge(t, "OrderCreated")
	page := faulttest.Fault{Status: 200, Body: "<html>Sorry, down for maintenance</html>", ContentType: "text/html"}

	tests := []struct {
		name    string
		payload string
		options functiontest.Options
	}{
		{"klaviyo 429", created, functiontest.Options{AtKlaviyo: functiontest.First("/api/events", faulttest.Fault{Status: 429, RetryAfter: functiontest.AnHour})}},
		{"klaviyo 429 for the last", created, functiontest.Options{AtKlaviyo: functiontest.Nth(3, "/api/events", faulttest.Fault{Status: 429, RetryAfter: functiontest.AnHour})}},
		{"klaviyo 500", created, functiontest.Options{AtKlaviyo: functiontest.First("/api", faulttest.Fault{Status: 500, RetryAfter: functiontest.AnHour})}},
		{"klaviyo 503 that is not JSON", created, functiontest.Options{AtKlaviyo: functiontest.Nth(2, "/api/events", faulttest.Fault{
			Status: 503, RetryAfter: functiontest.AnHour, Body: "<html>", ContentType: "text/html",
		})}},
		{"klaviyo 401", created, functiontest.Options{AtKlaviyo: functiontest.First("/api", faulttest.Fault{Status: 401})}},
		{"klaviyo 403 that is not JSON", created, functiontest.Options{AtKlaviyo: functiontest.Nth(2, "/api/events", faulttest.Fault{
			Status: 403, Body: "<html>", ContentType: "text/html",
		})}},
		{"klaviyo 400 that is not JSON", created, functiontest.Options{AtKlaviyo: functiontest.Nth(2, "/api/events", faulttest.Fault{
			Status: 400, Body: "<html>", ContentType: "text/html",
		})}},
		{"a web page for the first event", created, functiontest.Options{AtKlaviyo: functiontest.First("/api/events", page)}},
		{"a web page for the last event", created, functiontest.Options{AtKlaviyo: functiontest.Nth(3, "/api/events", page)}},
		{"order 503", large, functiontest.Options{AtCommercetools: functiontest.First("/orders", faulttest.Fault{Status: 503, RetryAfter: functiontest.AnHour})}},
		{"order 404 that is not commercetools'", large, functiontest.Options{AtCommercetools: functiontest.First("/orders", faulttest.Fault{Status: 404, Body: "<html>"})}},
		{"order that is none", tooLarge(t, "OrderCustomerSet"), functiontest.Options{AtCommercetools: functiontest.First("/orders", faulttest.Fault{Status: 200, Body: "{}"})}},
		{"products 500", created, functiontest.Options{AtCommercetools: functiontest.First("/product-projections", faulttest.Fault{Status: 500, RetryAfter: functiontest.AnHour})}},
		{"products 403", created, functiontest.Options{AtCommercetools: functiontest.First("/product-projections", faulttest.Fault{Status: 403})}},
		{"products 414", created, functiontest.Options{AtCommercetools: functiontest.First("/product-projections", faulttest.Fault{Status: 414, Body: "<html>"})}},
		{"products without an answer", created, functiontest.Options{AtCommercetools: functiontest.First("/product-projections", faulttest.Fault{Status: 200, Body: "{}"})}},
		{"token 400", created, functiontest.Options{AtCommercetools: functiontest.First("/oauth/token", faulttest.Fault{
			Status: 400, Body: `{"error":"invalid_scope"}`, ContentType: "application/json",
		})}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := open(t, tt.options)
			s.stock(t, order(t, nil))

			if status := s.Deliver(t, tt.payload); status != http.StatusServiceUnavailable {
				t.Errorf("first delivery: status %d, want 503", status)
			}

			s.Restart(t) // The first instance's client keeps the pause that Klaviyo asked for.
			s.Done(t, tt.payload)
			s.ExpectEvents(t, ordered1, ordered2, placed)
		})
	}
}

// A discount code that can't be looked up holds the order up, for Klaviyo would never learn it.
func TestDiscountCodeComesLater(t *testing.T) {
	t.Parallel()

	codes := object{"discountCodes": []object{{"discountCode": object{"typeId": "discount-code", "id": "d1"}}}}
	payload := message(t, "OrderCreated", object{"order": order(t, codes)})

	for name, f := range map[string]faulttest.Fault{"403": {Status: 403}, "404 that is not commercetools'": {Status: 404, Body: "<html>"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{AtCommercetools: functiontest.First("/orders", f)})
			s.stock(t, order(t, codes))

			if status := s.Deliver(t, payload); status != http.StatusServiceUnavailable || len(s.Klaviyo.Events()) != 0 {
				t.Errorf("status %d and %d events, want 503 and none", status, len(s.Klaviyo.Events()))
			}

			s.Done(t, payload)

			if code := s.Event(t, "Placed Order", id).Properties["DiscountCode"]; code != "SUMMER" {
				t.Errorf("DiscountCode %v", code)
			}
		})
	}
}

// No Ordered Product is there before its Placed Order.
func TestPlacedOrderComesFirst(t *testing.T) {
	t.Parallel()

	var (
		s    shop
		sent atomic.Int64
	)

	s = open(t, functiontest.Options{AtKlaviyo: func(*http.Request) faulttest.Fault {
		if sent.Add(1) > 1 && len(s.Klaviyo.Events()) == 0 {
			t.Error("an Ordered Product comes before the Placed Order is there")
		}

		return faulttest.Fault{}
	}})
	s.stock(t, order(t, nil))
	s.Done(t, message(t, "OrderCreated", object{"order": order(t, nil)}))

	s = open(t, functiontest.Options{AtKlaviyo: functiontest.First("/api/events", faulttest.Fault{Status: 401})})
	s.stock(t, order(t, nil))

	if status := s.Deliver(t, message(t, "OrderCreated", object{"order": order(t, nil)})); status != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", status)
	}

	s.ExpectEvents(t)
}

// A connection that breaks after Klaviyo has done its part leaves the function in the dark; it may send again.
func TestAnswerIsLost(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{AtKlaviyo: functiontest.First("/api/events", faulttest.Fault{ResetAfter: true})})
	s.stock(t, order(t, nil))

	s.UntilAcknowledged(t, message(t, "OrderCreated", object{"order": order(t, nil)}))

	s.ExpectEvents(t, ordered1, ordered2, placed)

	if e := s.Event(t, "Placed Order", id); e.Received != 2 {
		t.Errorf("the event came in %d times, want 2", e.Received)
	}
}

func TestParked(t *testing.T) {
	t.Parallel()

	noAddress := object{"customerEmail": "ann at example.org"}
	refused := object{"order": order(t, noAddress)}
	// An id that Klaviyo finds too long.
	longID := object{"customerId": "", "lineItems": []object{item("l1", "p1", 1999), item(strings.Repeat("l", 256), "p1", 1), item("l2", "p2", 2999)}}
	// Klaviyo would take the same events once more under another profile.
	corrected := object{"customerId": "", "customerEmail": "bob@shop.example.org", "lineItems": longID["lineItems"]}

	about := func(more map[string]string) map[string]string {
		all := map[string]string{"function": "OrderEvents", "message_id": "m1", "resource": "order/" + id}
		maps.Copy(all, more)

		return all
	}

	tests := []struct {
		name    string
		payload string
		options functiontest.Options
		want    map[string]string
		events  []string
		now     object // what the order is by now
	}{
		{"refused", message(t, "OrderCreated", refused), functiontest.Options{}, about(map[string]string{
			"reason": "klaviyo_rejected", "klaviyo_status": "400", "klaviyo_code": "invalid",
			"klaviyo_pointer": "/data/attributes/profile/data/attributes/email",
		}), nil, noAddress},
		{"one product refused", message(t, "OrderCreated", object{"order": order(t, longID)}), functiontest.Options{}, about(map[string]string{
			"reason": "klaviyo_rejected", "klaviyo_status": "400", "klaviyo_code": "invalid", "klaviyo_pointer": "/data/attributes/unique_id",
		}), []string{ordered1, ordered2, placed}, corrected},
		{"too large for klaviyo", message(t, "OrderCreated", object{"order": order(t, nil)}), functiontest.Options{
			AtKlaviyo: always(faulttest.Fault{Status: 413}),
		}, about(map[string]string{"reason": "klaviyo_rejected", "klaviyo_status": "413"}), nil, nil},
		{"query refused", message(t, "OrderCreated", object{"order": order(t, nil)}), functiontest.Options{
			AtCommercetools: func(r *http.Request) (f faulttest.Fault) {
				if strings.HasSuffix(r.URL.Path, "/product-projections") {
					f = faulttest.Fault{Status: 400, Body: `{"errors":[{"code":"InvalidInput"}]}`}
				}

				return f
			},
		}, about(map[string]string{"reason": "commercetools_rejected"}), nil, nil},
		{
			"order of another shape", message(t, "OrderCreated", object{"order": object{"id": id, "lineItems": 7}}),
			functiontest.Options{},
			about(map[string]string{"reason": "unreadable"}), nil, nil,
		},
		{
			"order of another shape, and without an id", message(t, "OrderCreated", object{"order": object{"lineItems": 7}}),
			functiontest.Options{},
			about(map[string]string{"reason": "unreadable"}), nil, nil,
		},
		{
			"state of another shape", message(t, "OrderStateChanged", object{"orderState": 7}),
			functiontest.Options{},
			about(map[string]string{"reason": "unreadable"}), nil, nil,
		},
		{"no message", "hello", functiontest.Options{}, map[string]string{"function": "OrderEvents", "reason": "unreadable"}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := open(t, tt.options)
			s.stock(t, order(t, tt.now))
			s.ExpectParked(t, tt.payload, tt.want)
			s.ExpectEvents(t, tt.events...)
		})
	}

	s := open(t, functiontest.Options{ParkingFails: true})
	s.stock(t, order(t, noAddress))

	if status := s.Deliver(t, message(t, "OrderCreated", refused)); status != http.StatusServiceUnavailable {
		t.Errorf("status %d when parking fails, want 503", status)
	}
}

func always(f faulttest.Fault) func(*http.Request) faulttest.Fault {
	return func(*http.Request) faulttest.Fault { return f }
}

// What may succeed later goes before what is refused: a parked message does not come again by itself.
func TestLaterGoesBeforeParked(t *testing.T) {
	t.Parallel()

	now := order(t, object{"lineItems": []object{item(strings.Repeat("l", 256), "p1", 1), item("l1", "p1", 1999), item("l2", "p2", 2999)}})
	payload := message(t, "OrderCreated", object{"order": now})

	s := open(t, functiontest.Options{AtKlaviyo: functiontest.Nth(4, "/api/events", faulttest.Fault{Status: 401})})
	s.stock(t, now)

	if status := s.Deliver(t, payload); status != http.StatusServiceUnavailable || len(s.Parked()) != 0 {
		t.Errorf("status %d, %d parked; want 503 and none", status, len(s.Parked()))
	}

	if status := s.Deliver(t, payload); status != http.StatusNoContent || len(s.Parked()) != 1 {
		t.Errorf("status %d, %d parked; want 204 and 1", status, len(s.Parked()))
	}

	s.ExpectEvents(t, ordered1, ordered2, placed)
}

func TestDuplicatesAtOnce(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.stock(t, order(t, nil))

	var all sync.WaitGroup
	for range 4 {
		for _, payload := range []string{
			message(t, "OrderCreated", object{"order": order(t, nil)}), tooLarge(t, "OrderImported"), message(t, "OrderCustomerSet", nil),
		} {
			all.Go(func() { s.Acknowledged(t, payload) })
		}
	}

	all.Wait()
	s.ExpectEvents(t, ordered1, ordered2, placed)

	if e := s.Event(t, "Placed Order", id); e.Received != 12 {
		t.Errorf("the event came in %d times, want 12", e.Received)
	}
}

func TestMissingSettings(t *testing.T) {
	t.Parallel()

	payload := message(t, "OrderCustomerSet", nil)

	functiontest.ExpectMissing(t, newHandler, map[string]string{"CT_API_URL": "", "KLAVIYO_AUTH_KEY": "", "PREFERRED_LOCALE": "??"}, payload,
		"CT_API_URL is required", "KLAVIYO_AUTH_KEY is required", "PREFERRED_LOCALE")
	functiontest.ExpectMissing(t, newHandler, map[string]string{"CONFIG_JSON": `{"order":{"metric":1}}`}, payload, "CONFIG_JSON", "order.metric")
	functiontest.ExpectMissing(t, newHandler, map[string]string{"PARKED_TOPIC": "parked"}, payload, "GOOGLE_CLOUD_PROJECT is required")
}

// With its settings in place the function does its work.
func TestDeployed(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.stock(t, order(t, nil))
	s.Commercetools.Put("categories", json.RawMessage(`{"id":"sale","name":{"de":"Ausverkauf","en":"Sale"}}`))

	handler := s.Deployed(t, newHandler, map[string]string{"PREFERRED_LOCALE": "en-US"})
	if status := functiontest.Deliver(t, handler, message(t, "OrderCreated", object{"order": order(t, nil)})); status != http.StatusNoContent {
		t.Errorf("status %d, want 204; the log: %v", status, s.LastLine(t))
	}

	s.ExpectEvents(t, ordered1, ordered2, placed)

	if diff := cmp.Diff([]any{"Women", "Women > Pants", "Sale"}, s.Event(t, "Placed Order", id).Properties["Categories"]); diff != "" {
		t.Errorf("Categories (-want +got):\n%s", diff)
	}
}
