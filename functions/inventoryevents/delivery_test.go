package inventoryevents

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// What fails once is answered by 503, and the second delivery brings the stock.
func TestRedelivery(t *testing.T) {
	t.Parallel()

	tests := map[string]functiontest.Options{
		"klaviyo 429":                  {AtKlaviyo: functiontest.First("PATCH", faulttest.Fault{Status: 429, RetryAfter: functiontest.AnHour})},
		"klaviyo 503":                  {AtKlaviyo: functiontest.First("PATCH", faulttest.Fault{Status: 503, RetryAfter: functiontest.AnHour})},
		"klaviyo 401":                  {AtKlaviyo: functiontest.First("PATCH", faulttest.Fault{Status: 401})},
		"klaviyo 404 that is not JSON": {AtKlaviyo: functiontest.First("PATCH", faulttest.Fault{Status: 404, Body: "<html>"})},
		"commercetools 503":            {AtCommercetools: functiontest.First("/inventory", faulttest.Fault{Status: 503, RetryAfter: functiontest.AnHour})},
		"commercetools 503, second": {
			AtCommercetools: functiontest.Nth(2, "/inventory", faulttest.Fault{Status: 503, RetryAfter: functiontest.AnHour}),
		},
		"commercetools 404 that is not its own": {AtCommercetools: functiontest.First("/inventory", faulttest.Fault{Status: 404, Body: "<html>"})},
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			o.Config = `{"product":{"inventory":{"useChannelInventory":"` + berlin + `"}}}`
			s := open(t, o)
			s.Commercetools.Put("inventory", stockOf(entry, sku, "", 7))

			if status := s.Deliver(t, changed(t, "ResourceUpdated")); status != http.StatusServiceUnavailable || quantity(s) != before {
				t.Errorf("first delivery: status %d and stock %d, want 503 and none", status, quantity(s))
			}

			s.Restart(t) // The first instance's client keeps the pause that Klaviyo asked for.
			s.Acknowledged(t, changed(t, "ResourceUpdated"))

			if quantity(s) != 7 {
				t.Errorf("stock %d, want 7", quantity(s))
			}
		})
	}
}

func TestParked(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.Commercetools.Put("inventory", broken(entry))
	s.Acknowledged(t, changed(t, "ResourceUpdated"))

	if parked := s.Parked(); len(parked) != 1 || parked[0].Attributes["reason"] != "unreadable" {
		t.Errorf("parked %v, want the message, as unreadable", parked)
	}
}

// broken is an entry whose quantity is no number.
func broken(id string) []byte {
	return []byte(`{"id":"` + id + `","sku":"s","availableQuantity":"many"}`)
}

func TestDeletedParked(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.ExpectParked(t, strings.Replace(changed(t, "ResourceDeleted"), "{", `{"resourceUserProvidedIdentifiers":{"sku":7},`, 1), map[string]string{
		"function": "InventoryEvents", "resource": "inventory-entry/" + entry, "reason": "unreadable",
	})
}

// While a writing waits, another instance handles a message about something newer from start to end. The older stock is
// written last, but it must not stay.
func TestOvertaken(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		now   []json.RawMessage
		newer string
	}{
		"sold out": {[]json.RawMessage{stockOf(entry, sku, "", 0)}, changed(t, "ResourceUpdated")},
		"deleted":  {nil, changedSKU(t, "ResourceDeleted")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var (
					s     *functiontest.Shop
					other http.HandlerFunc
				)

				s = open(t, functiontest.Options{InMemory: true, AtKlaviyo: functiontest.Overtaken("PATCH", func() {
					s.Commercetools.Delete("inventory", entry)
					s.Commercetools.Put("inventory", tt.now...)

					if status := functiontest.Deliver(t, other, tt.newer); status != http.StatusNoContent {
						t.Errorf("the newer message: status %d, want 204", status)
					}
				})})
				other = s.Instance(t)

				s.Commercetools.Put("inventory", stockOf(entry, sku, "", 7))
				s.Acknowledged(t, changedSKU(t, "ResourceUpdated"))

				if quantity(s) != 0 {
					t.Errorf("stock %d, want 0", quantity(s))
				}
			})
		})
	}
}

// However many messages there are about a stock, they cost two turns: the one that is in hand when they come, and one for all
// of them. So it is when nothing is to be done.
func TestTurns(t *testing.T) {
	t.Parallel()

	for name, sku := range map[string]string{"known": sku, "unknown": "another"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, functiontest.Options{InMemory: true, AtKlaviyo: functiontest.Slow})
				s.Commercetools.Put("inventory", stockOf(entry, sku, "", 7))
				s.Done(t, changed(t, "ResourceUpdated"))
				s.ExpectRequests(t, 1, 1)
				s.Duplicates(t, changed(t, "ResourceUpdated"))
				s.ExpectRequests(t, 2, 2)
			})
		})
	}
}

// A deletion is not done because an update found the entry gone that doesn't tell the SKU, so that it could do nothing.
func TestDeletionAmongUpdates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, functiontest.Options{InMemory: true, AtKlaviyo: functiontest.Slow})
		s.Commercetools.Put("inventory", stockOf(entry, sku, "", 7))

		var all sync.WaitGroup

		for range 2 {
			all.Go(func() { s.Acknowledged(t, changed(t, "ResourceUpdated")) })
			synctest.Wait() // the first is at Klaviyo, the others wait
		}

		s.Commercetools.Delete("inventory", entry)
		all.Go(func() { s.Acknowledged(t, changedSKU(t, "ResourceDeleted")) })
		all.Wait()

		if quantity(s) != 0 {
			t.Errorf("stock %d, want 0", quantity(s))
		}
	})
}

func TestMissingSettings(t *testing.T) {
	t.Parallel()
	functiontest.ExpectMissing(t, newHandler, map[string]string{"KLAVIYO_AUTH_KEY": "", "CONFIG_JSON": `{"product":{"stock":1}}`}, changed(t, "ResourceUpdated"),
		"KLAVIYO_AUTH_KEY is required", "product.stock")
}

// With its settings in place the function does its work, whatever is set that is only for the command line.
func TestDeployed(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.Commercetools.Put("inventory", stockOf(entry, sku, berlin, 7))

	handler := s.Deployed(t, newHandler, map[string]string{
		"CONFIG_JSON": `{"product":{"inventory":{"useChannelInventory":"` + berlin + `"}}}`, "PARKED_SUBSCRIPTION": "no name of one",
	})
	if status := functiontest.Deliver(t, handler, changed(t, "ResourceUpdated")); status != http.StatusNoContent || quantity(s) != 7 {
		t.Errorf("status %d and stock %d, want 204 and 7; the log: %v", status, quantity(s), s.LastLine(t))
	}
}
