package orderevents

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// What becomes of Ann's order, as ExpectEvents writes it.
const (
	placed    = "Placed Order " + id + " 49.98 EUR 2026-01-02T03:04:05Z"
	ordered1  = "Ordered Product l1 19.99 EUR 2026-01-02T03:04:06Z"
	ordered2  = "Ordered Product l2 29.99 EUR 2026-01-02T03:04:06Z"
	fulfilled = "Fulfilled Order " + id + " 49.98 EUR 2026-01-05T06:07:08Z"
	cancelled = "Cancelled Order " + id + " 49.98 EUR 2026-01-05T06:07:08Z"
)

// Each message becomes its events, and takes so many requests.
func TestMessages(t *testing.T) {
	t.Parallel()

	carried := object{"order": order(t, nil)}
	state := func(state string) object { return object{"orderState": state, "oldOrderState": "Open"} }
	was := func(state string) object { return object{"orderState": state} }
	all := []string{ordered1, ordered2, placed}

	const (
		disabled     = "switched off by disabledEvents"
		notPlaced    = "the order's state is not in order.states.created.placedOrder"
		notChanged   = "the order's state is not in order.states.changed"
		otherMessage = "no message that makes an event"
		recurring    = `{"order":{"messages":{"created":["OrderCreatedFromRecurringOrder"]}}}`
		confirmed    = `{"order":{"states":{"created":{"placedOrder":["Open","Confirmed"]}}}}`
		erasing      = `{"customer":{"dataErasure":{"enabled":true}}}`
	)

	tests := []struct {
		name    string
		config  string
		payload string
		now     object // what the order is by now in commercetools
		want    []string
		reason  string
		// read and written are the requests to commercetools and Klaviyo.
		read, written int
	}{
		{name: "created", payload: message(t, "OrderCreated", carried), want: all, read: 1, written: 3},
		{name: "created, too large", payload: tooLarge(t, "OrderCreated"), want: all, read: 2, written: 3},
		{name: "created, without the order", payload: message(t, "OrderCreated", nil), want: all, read: 2, written: 3},
		{
			name: "created, with another order", want: all, read: 2, written: 3,
			payload: message(t, "OrderCreated", object{"order": order(t, object{"id": "another"})}),
		},
		{name: "imported", payload: message(t, "OrderImported", carried), want: all, read: 1, written: 3},
		{name: "imported, too large", payload: tooLarge(t, "OrderImported"), want: all, read: 2, written: 3},
		{name: "customer set", payload: message(t, "OrderCustomerSet", object{"customer": object{"typeId": "customer", "id": "c1"}}), want: all, read: 2, written: 3},
		{name: "customer set, too large", payload: tooLarge(t, "OrderCustomerSet"), want: all, read: 2, written: 3},
		{name: "recurring", config: recurring, payload: message(t, "OrderCreatedFromRecurringOrder", carried), want: all, read: 1, written: 3},
		{name: "recurring, too large", config: recurring, payload: tooLarge(t, "OrderCreatedFromRecurringOrder"), want: all, read: 2, written: 3},
		{
			name: "created, with a discount code", want: all, read: 2, written: 3, payload: message(t, "OrderCreated", object{"order": order(t, object{
				"discountCodes": []object{{"discountCode": object{"typeId": "discount-code", "id": "d1"}, "state": "MatchesCart"}},
			})}),
		},
		{name: "created, in a shop that erases data", config: erasing, payload: message(t, "OrderCreated", carried), want: all, read: 2, written: 3},
		{
			name: "created, in another state of the config file", config: confirmed, want: all, read: 1, written: 3,
			payload: message(t, "OrderCreated", object{"order": order(t, was("Confirmed"))}),
		},
		{
			name: "created, too large, and confirmed since", payload: tooLarge(t, "OrderCreated"), now: object{"orderState": "Confirmed", "version": 2},
			want: all, read: 2, written: 3,
		},
		{
			name: "created with an address that Klaviyo refuses, and corrected since", want: all, read: 3, written: 4,
			payload: message(t, "OrderCreated", object{"order": order(t, object{"customerEmail": "ann at example.org"})}),
		},
		{
			name: "created with a discount code, and broken since", want: all, read: 2, written: 3, now: object{"lineItems": 7},
			payload: message(t, "OrderCreated", object{"order": order(t, object{
				"discountCodes": []object{{"discountCode": object{"typeId": "discount-code", "id": "d1"}, "state": "MatchesCart"}},
			})}),
		},
		{
			name: "created, and broken since, in a shop that erases data", config: erasing, want: all, read: 2, written: 3,
			payload: message(t, "OrderCreated", carried), now: object{"lineItems": 7},
		},
		{
			name: "created without line items", want: []string{placed}, read: 0, written: 1,
			payload: message(t, "OrderCreated", object{"order": order(t, object{"lineItems": []object{}})}),
		},

		{name: "confirmed", payload: message(t, "OrderStateChanged", state("Confirmed")), want: []string{fulfilled}, read: 2, written: 1},
		{name: "complete", payload: message(t, "OrderStateChanged", state("Complete")), want: []string{fulfilled}, read: 2, written: 1},
		{name: "cancelled", payload: message(t, "OrderStateChanged", state("Cancelled")), want: []string{cancelled}, read: 2, written: 1},
		{name: "confirmed, and cancelled since", payload: message(t, "OrderStateChanged", state("Confirmed")), now: was("Cancelled"), want: []string{fulfilled}, read: 2, written: 1},
		{name: "cancelled, too large", payload: tooLarge(t, "OrderStateChanged"), now: was("Cancelled"), want: []string{cancelled}, read: 2, written: 1},

		{name: "created in a state outside", payload: message(t, "OrderCreated", object{"order": order(t, was("Cancelled"))}), reason: notPlaced},
		{name: "created in a state outside, too large", payload: tooLarge(t, "OrderCreated"), now: was("Complete"), reason: notPlaced, read: 1},
		{name: "customer set in a state outside", payload: message(t, "OrderCustomerSet", nil), now: object{"orderState": "Complete", "version": 9}, reason: notPlaced, read: 1},
		{
			name: "customer set, nobody's before, and confirmed since", payload: message(t, "OrderCustomerSet", nil),
			now: object{"orderState": "Confirmed", "version": 9, "customerEmail": "", "customerId": "c1"}, want: all, read: 2, written: 3,
		},
		{name: "reopened", payload: message(t, "OrderStateChanged", state("Open")), reason: notChanged},
		{name: "state changed, too large", payload: tooLarge(t, "OrderStateChanged"), reason: notChanged, read: 1},
		{name: "another message", payload: message(t, "OrderPaymentStateChanged", object{"paymentState": "Paid"}), reason: otherMessage},
		{name: "recurring, not in the config file", payload: message(t, "OrderCreatedFromRecurringOrder", carried), reason: otherMessage},
		{name: "updated", payload: functiontest.Change(t, "order", id, "ResourceUpdated"), reason: otherMessage},
		{name: "deleted", payload: functiontest.Change(t, "order", id, "ResourceDeleted"), reason: otherMessage},
		{name: "another resource", payload: functiontest.Change(t, "customer", id, "ResourceUpdated"), reason: "not about an order"},
		{name: "test notification", payload: functiontest.Change(t, "subscription", id, "ResourceCreated"), reason: "the subscription's test notification"},
		{name: "created disabled", payload: message(t, "OrderCreated", carried), config: `{"disabledEvents":["OrderCreated"]}`, reason: disabled},
		{name: "created disabled, too large", payload: tooLarge(t, "OrderCreated"), config: `{"disabledEvents":["OrderCreated"]}`, reason: disabled},
		{name: "imported disabled", payload: message(t, "OrderImported", carried), config: `{"disabledEvents":["OrderCreated"]}`, reason: disabled},
		{name: "changed disabled", payload: message(t, "OrderStateChanged", state("Confirmed")), config: `{"disabledEvents":["OrderStateChanged"]}`, reason: disabled},
		{
			name: "nobody's", reason: "customerEmail or customerId is missing", read: 1,
			payload: message(t, "OrderCreated", object{"order": order(t, object{"customerEmail": "", "customerId": ""})}),
		},
	}
	for _, tt := range tests {
		for format, payload := range functiontest.Formats(t, tt.payload) {
			t.Run(tt.name+", "+format, func(t *testing.T) {
				t.Parallel()

				s := open(t, functiontest.Options{Config: tt.config, Checked: format == "Platform"})
				s.stock(t, order(t, tt.now))
				s.Done(t, payload)
				s.ExpectEvents(t, tt.want...)

				if got, _ := s.LastLine(t)["reason"].(string); got != tt.reason {
					t.Errorf("reason %q, want %q", got, tt.reason)
				}

				s.ExpectRequests(t, tt.read, tt.written)
			})
		}
	}
}

// A new order is recorded as it was, whatever it is by now; only the discount codes are looked up.
func TestPlacedOrder(t *testing.T) {
	t.Parallel()

	codes := []object{{"discountCode": object{"typeId": "discount-code", "id": "d1"}, "state": "MatchesCart"}}

	s := open(t, functiontest.Options{Checked: true})
	s.stock(t, order(t, object{"orderState": "Complete", "version": 5, "discountCodes": codes}))
	s.Done(t, message(t, "OrderCreated", object{"order": order(t, object{
		"discountCodes": codes, "future": object{"zero": 0, "false": false}, "custom": object{"fields": object{"gift": true}},
	})}))

	e := s.Event(t, "Placed Order", id)
	want := object{
		"orderState": "Open", "future": object{"zero": 0.0, "false": false}, "gift": true, "OrderId": id, "DiscountCode": "SUMMER",
		"ItemNames": []any{"Product p1", "Product p2"}, "Categories": []any{"Women", "Women > Pants", "Sale"},
	}

	for name, value := range want {
		if diff := cmp.Diff(value, e.Properties[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	profiles := s.Klaviyo.Profiles()
	if len(profiles) != 1 || profiles[0].ID != e.ProfileID {
		t.Fatalf("%d profiles, want the event's alone", len(profiles))
	}

	wantProfile := object{"email": email, "external_id": "c1", "location": object{"country": "DE", "city": "Berlin"}}
	if diff := cmp.Diff(wantProfile, profiles[0].Attributes); diff != "" {
		t.Errorf("profile (-want +got):\n%s", diff)
	}

	product := s.Event(t, "Ordered Product", "l2").Properties
	if product["ProductURL"] != "https://shop.example/two" || product["OrderId"] != id || product["ProductID"] != "p2" {
		t.Errorf("Ordered Product %v", product)
	}
}

func TestConfigFile(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{Config: `{"order":{
		"metrics":{"placedOrder":"Bought","orderedProduct":"Bought Product"},"guideProperties":false,
		"properties":{"exclude":["billingAddress"],"map":{"orderState":"State"}},"customFields":{"properties":{"include":["gift"]}}
	}}`})
	s.stock(t, order(t, nil))
	s.Done(t, message(t, "OrderCreated", object{"order": order(t, object{
		"custom":        object{"fields": object{"gift": true, "secret": 1}},
		"discountCodes": []object{{"discountCode": object{"typeId": "discount-code", "id": "d1"}}},
	})}))
	s.Event(t, "Bought Product", "l1")

	got := s.Event(t, "Bought", id).Properties
	for name, there := range map[string]bool{"State": true, "gift": true, "orderState": false, "billingAddress": false, "secret": false, "OrderId": false} {
		if _, ok := got[name]; ok != there {
			t.Errorf("%s is there: %t, want %t", name, ok, there)
		}
	}

	// Without Klaviyo's own properties nobody wants the discount code.
	s.ExpectRequests(t, 1, 3)
}

// A guest's events go to the profile that has the email address, with deduplication or without it, and to a new one when there
// is none. No request looks for it.
func TestGuest(t *testing.T) {
	t.Parallel()

	for config, called := range map[string]string{"": "", `{"customer":{"deduplication":{"enabled":true}}}`: ", with deduplication"} {
		for before, address := range map[string]string{"new": "", "known": email, "known in capitals": "Ann@Shop.Example.ORG"} {
			t.Run(before+called, func(t *testing.T) {
				t.Parallel()

				s := open(t, functiontest.Options{Config: config, Checked: true})
				s.stock(t, order(t, nil))
				s.expectGuest(t, s.create(t, address))
			})
		}
	}
}

// create creates a profile with an email address and returns its id; "" is none.
func (s shop) create(t *testing.T, address string) string {
	t.Helper()

	if address == "" {
		return ""
	}

	profileID, err := s.Client.CreateProfile(t.Context(), klaviyo.Profile{Email: klaviyo.Set(address), ExternalID: klaviyo.Set("c7")})
	if err != nil {
		t.Fatal(err)
	}

	return profileID
}

// expectGuest delivers a guest's order, whose events must be of this profile; of any when it is "".
func (s shop) expectGuest(t *testing.T, profileID string) {
	t.Helper()

	s.Done(t, message(t, "OrderCreated", object{"order": order(t, object{"customerId": nil, "anonymousId": "x"})}))
	s.ExpectEvents(t, ordered1, ordered2, placed)

	owner := s.Event(t, "Placed Order", id).ProfileID
	if profiles := s.Klaviyo.Profiles(); len(profiles) != 1 || profileID != "" && owner != profileID {
		t.Errorf("%d profiles, and the event is of %s; want it of %s", len(profiles), owner, profileID)
	}

	s.ExpectRequests(t, 1, 3)
}

// A product that was deleted since is missing in Categories, no more.
func TestProductIsGone(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{Checked: true})
	s.stock(t, order(t, nil))
	s.Commercetools.Delete("product-projections", "p2")
	s.Done(t, message(t, "OrderCreated", object{"order": order(t, nil)}))
	s.ExpectEvents(t, ordered1, ordered2, placed)

	if diff := cmp.Diff([]any{"Women", "Women > Pants"}, s.Event(t, "Placed Order", id).Properties["Categories"]); diff != "" {
		t.Errorf("Categories (-want +got):\n%s", diff)
	}

	if n := s.LastLine(t)["products_missing"]; n != 1.0 {
		t.Errorf("products_missing %v, want 1", n)
	}
}

// An order that is gone leaves nothing to do, unless the message carries it and the shop doesn't erase data.
func TestOrderIsGone(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct{ payload, config string }{
		"created, too large": {tooLarge(t, "OrderCreated"), ""},
		"customer set":       {message(t, "OrderCustomerSet", nil), ""},
		"cancelled":          {message(t, "OrderStateChanged", object{"orderState": "Cancelled"}), ""},
		"created, and perhaps erased since": {
			message(t, "OrderCreated", object{"order": order(t, nil)}), `{"customer":{"dataErasure":{"enabled":true}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{Config: tt.config})
			s.Done(t, tt.payload)
			s.ExpectEvents(t)

			if line := s.LastLine(t); line["reason"] != "gone from commercetools" || line["level"] != "INFO" {
				t.Errorf("logged %v", line)
			}
		})
	}

	s := open(t, functiontest.Options{})
	s.Commercetools.Put("product-projections")
	s.Done(t, message(t, "OrderCreated", object{"order": order(t, object{
		"discountCodes": []object{{"discountCode": object{"typeId": "discount-code", "id": "d1"}}},
	})}))
	s.ExpectEvents(t, ordered1, ordered2, placed)
}

// An order has more products than fit into one query.
func TestLargeOrder(t *testing.T) {
	t.Parallel()

	items := make([]object, 400)
	for i := range items {
		items[i] = item(fmt.Sprintf("l%d", i), fmt.Sprintf("p%d", i), 100)
	}

	s := open(t, functiontest.Options{})
	s.stock(t, order(t, object{"lineItems": items}))
	s.Done(t, tooLarge(t, "OrderCreated"))

	if n := len(s.Klaviyo.Events()); n != 401 {
		t.Errorf("%d events, want 401", n)
	}

	// The order, and its products by 25.
	s.ExpectRequests(t, 17, 401)
}
