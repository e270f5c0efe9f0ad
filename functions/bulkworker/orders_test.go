package bulkworker_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
)

// generated is what the tests read of a generated order.
type generated struct {
	ID            string `json:"id"`
	CustomerID    string `json:"customerId"`
	CustomerEmail string `json:"customerEmail"`
	OrderState    string `json:"orderState"`
	LineItems     []struct {
		ID string `json:"id"`
	} `json:"lineItems"`
	PaymentInfo struct {
		Payments []struct {
			ID string `json:"id"`
		} `json:"payments"`
	} `json:"paymentInfo"`
}

// eventsOf returns the events that orders should become, as "metric unique-id", by the rules of the default config file.
func eventsOf(t *testing.T, shop *commercetoolstest.Shop) (events []string, skipped int) {
	t.Helper()

	refunds := refundsOf(t, shop)

	for raw := range shop.All("orders") {
		o := read[generated](t, raw)
		if o.CustomerID == "" && o.CustomerEmail == "" {
			skipped++

			continue
		}

		events = append(events, "Placed Order "+o.ID)
		for _, item := range o.LineItems {
			events = append(events, "Ordered Product "+item.ID)
		}

		switch o.OrderState {
		case "Confirmed", "Complete":
			events = append(events, "Fulfilled Order "+o.ID)
		case "Cancelled":
			events = append(events, "Cancelled Order "+o.ID)
		}

		paidBack := 0
		for _, p := range o.PaymentInfo.Payments {
			paidBack += refunds[p.ID]
		}

		for i := range paidBack {
			events = append(events, "Refunded Order "+o.ID+map[bool]string{true: ":"}[i > 0])
		}
	}

	slices.Sort(events)

	return events, skipped
}

// refundsOf counts the refunds of each payment that have not failed.
func refundsOf(t *testing.T, shop *commercetoolstest.Shop) map[string]int {
	t.Helper()

	refunds := map[string]int{}

	for raw := range shop.All("payments") {
		p := read[struct {
			ID           string `json:"id"`
			Transactions []struct{ Type, State string }
		}](t, raw)

		for _, tx := range p.Transactions {
			if tx.Type == "Refund" && tx.State != "Failure" {
				refunds[p.ID]++
			}
		}
	}

	return refunds
}

func read[T any](t *testing.T, raw json.RawMessage) (value T) {
	t.Helper()

	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatal(err)
	}

	return value
}

// recorded returns Klaviyo's events as eventsOf does. Which refund is whose later one does not matter here.
func (s *shop) recorded() (events []string) {
	for _, e := range s.kl.Events() {
		order, _, later := strings.Cut(e.UniqueID, ":")
		if later {
			order += ":"
		}

		events = append(events, e.Metric+" "+order)
	}

	slices.Sort(events)

	return events
}

func TestOrders(t *testing.T) {
	t.Parallel()

	s := openWith(t, options{unchecked: true})
	generated := commercetoolstest.NewShop(3, commercetoolstest.Size{Customers: 50, Orders: 250, Products: 40, Categories: 20})
	s.ct.Fill(generated)

	events, skipped := eventsOf(t, generated)
	want(t, s.importing(t, bulk.Orders, bulk.Options{}), bulk.Counts{Read: 250, Sent: 250 - skipped, Skipped: skipped})

	if diff := cmp.Diff(events, s.recorded()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}

	if !slices.ContainsFunc(events, func(e string) bool { return strings.HasSuffix(e, ":") }) || skipped == 0 {
		t.Error("the shop has no second refund, or no order that is skipped")
	}

	for _, e := range s.kl.Events() {
		if !e.Backfill || e.Received != 1 {
			t.Errorf("event %s %s: backfill %t, came in %d times; want history, once", e.Metric, e.UniqueID, e.Backfill, e.Received)
		}
	}

	// Again, as after a realtime message or another import: nothing doubles.
	want(t, s.importing(t, bulk.Orders, bulk.Options{}), bulk.Counts{Read: 250, Sent: 250 - skipped, Skipped: skipped})

	if got := len(s.kl.Events()); got != len(events) {
		t.Errorf("after a second import there are %d events, want %d", got, len(events))
	}
}

// Every request of an import is as Klaviyo describes it.
func TestOrdersContract(t *testing.T) {
	t.Parallel()

	s := open(t, healthy)
	s.ct.Fill(commercetoolstest.NewShop(4, commercetoolstest.Size{Customers: 20, Orders: 12, Products: 10, Categories: 10}))

	if p := s.importing(t, bulk.Orders, bulk.Options{}); p.Status != bulk.Done || p.Failed > 0 {
		t.Errorf("progress = %+v, want done without failures", p)
	}
}

// anOrder is a small order with so many line items; number makes its id.
func anOrder(number, items int, more string) json.RawMessage {
	var lines []string
	for i := range items {
		lines = append(lines, fmt.Sprintf(`{"id":"item-%d-%d","productId":"p1","name":{"en":"Shirt"},"variant":{"id":1,"sku":"S"},
			"quantity":1,"price":{"value":{"type":"centPrecision","currencyCode":"EUR","centAmount":100,"fractionDigits":2}},
			"totalPrice":{"type":"centPrecision","currencyCode":"EUR","centAmount":100,"fractionDigits":2}}`, number, i))
	}

	return json.RawMessage(fmt.Sprintf(`{"id":%q,"version":1,"createdAt":"2024-01-01T00:00:00Z","lastModifiedAt":"2024-01-02T00:00:00Z",
		"orderState":"Open","customerEmail":"c%d@kunden.example.de","lineItems":[%s],
		"totalPrice":{"type":"centPrecision","currencyCode":"EUR","centAmount":100,"fractionDigits":2}%s}`,
		idOf(number), number, strings.Join(lines, ","), more))
}

// An order has more events than a request takes, and its neighbours don't suffer.
func TestLargeOrder(t *testing.T) {
	t.Parallel()

	s := openWith(t, options{unchecked: true})
	s.ct.Put("orders", anOrder(1, 3, ""), anOrder(2, 1200, ""), anOrder(3, 2, ""), anOrder(4, 999, ""), anOrder(5, 998, ""))
	want(t, s.importing(t, bulk.Orders, bulk.Options{}), bulk.Counts{Read: 5, Sent: 5})

	if got := len(s.kl.Events()); got != 3+1200+2+999+998+5 {
		t.Errorf("%d events, want one for each order and each line item", got)
	}
}

// Klaviyo refuses rows: their orders fail, and nothing else does.
func TestRefusedEvents(t *testing.T) {
	t.Parallel()

	s := open(t, healthy)
	s.ct.Put("orders", anOrder(1, 1, ""), anOrder(2, 2, `,"customerEmail":"nobody at all"`), anOrder(3, 1, ""),
		json.RawMessage(fmt.Sprintf(`{"id":%q,"lineItems":7}`, idOf(4))), anOrder(5, 0, `,"customerEmail":""`))

	p := s.importing(t, bulk.Orders, bulk.Options{})
	want(t, p, bulk.Counts{Read: 5, Sent: 2, Failed: 2, Skipped: 1}, "Klaviyo refused an event: invalid /", "lineItems holds number")

	if len(p.Errors) != 2 {
		t.Errorf("errors = %+v, want one for each order", p.Errors)
	}

	if got := len(s.kl.Events()); got != 4 {
		t.Errorf("%d events, want those of the two orders", got)
	}
}

// A request that Klaviyo refuses as a whole, for a unique id that comes twice say, is sent event by event.
func TestOneByOne(t *testing.T) {
	t.Parallel()

	const bulkRequest = "/api/event-bulk-create-jobs"

	s := open(t, func(r *http.Request) faulttest.Fault {
		if r.URL.Path != bulkRequest {
			return faulttest.Fault{}
		}

		return faulttest.Fault{Status: http.StatusBadRequest, ContentType: "application/vnd.api+json", Body: `{"errors":[{"id":"1","code":"duplicate",
			"title":"Duplicate unique_id.","detail":"A unique_id was repeated.","status":400,"source":{"pointer":"/data/attributes/events-bulk-create"}}]}`}
	})
	s.ct.Put("orders", anOrder(1, 2, ""), anOrder(2, 2, `,"customerEmail":"nobody at all"`), anOrder(3, 1, ""))
	want(t, s.importing(t, bulk.Orders, bulk.Options{}), bulk.Counts{Read: 3, Sent: 2, Failed: 1}, "Klaviyo refused an event: invalid")

	if got := len(s.kl.Events()); got != 5 {
		t.Errorf("%d events, want 5: nothing may be dropped", got)
	}
}

func TestOrdersNarrowed(t *testing.T) {
	t.Parallel()

	var ids []string
	for i := range 600 {
		ids = append(ids, idOf(i))
	}

	slices.Sort(ids)

	for name, c := range map[string]struct {
		options bulk.Options
		want    bulk.Counts
		events  int
	}{
		"from an order on": {bulk.Options{StartID: ids[450]}, bulk.Counts{Read: 150, Sent: 150}, 300},
		"from the last on": {bulk.Options{StartID: ids[599]}, bulk.Counts{Read: 1, Sent: 1}, 2},
		"ids":              {bulk.Options{IDs: ids[100:300]}, bulk.Counts{Read: 200, Sent: 200}, 400},
		"since":            {bulk.Options{Since: time.Date(2024, 1, 2, 0, 0, 1, 0, time.UTC)}, bulk.Counts{}, 0},
		"dry run":          {bulk.Options{DryRun: true}, bulk.Counts{Read: 600, Sent: 600}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openWith(t, options{unchecked: true})
			for i := range 600 {
				s.ct.Put("orders", anOrder(i, 1, ""))
			}

			want(t, s.importing(t, bulk.Orders, c.options), c.want)

			if got := len(s.kl.Events()); got != c.events {
				t.Errorf("%d events, want %d", got, c.events)
			}
		})
	}
}

// What the config file says about orders holds for imports, too.
func TestOrdersConfig(t *testing.T) {
	t.Parallel()

	s := openWith(t, options{config: `{"bulk":{"backfill":false},"order":{"metrics":{"placedOrder":"Bestellung","fulfilledOrder":"Auslieferung"},
		"states":{"changed":{"fulfilledOrder":["Open"]}}}}`})
	s.ct.Put("orders", anOrder(1, 1, ""))
	want(t, s.importing(t, bulk.Orders, bulk.Options{}), bulk.Counts{Read: 1, Sent: 1})

	events := s.kl.Events()
	if len(events) != 3 || events[0].Metric != "Auslieferung" || events[1].Metric != "Bestellung" || events[0].Backfill {
		t.Errorf("events = %+v, want three with these names, and no history", events)
	}
}

// What disabledEvents switches off does not come by an import either. An order of which nothing is left is skipped.
func TestOrdersDisabled(t *testing.T) {
	t.Parallel()

	for disabled, metrics := range map[string]string{
		`"OrderRefunded"`:     "Cancelled Order, Ordered Product, Placed Order",
		`"OrderStateChanged"`: "Ordered Product, Placed Order, Refunded Order",
		`"OrderCreated"`:      "Cancelled Order, Refunded Order",
		`"OrderCreated","OrderStateChanged","OrderRefunded"`: "",
	} {
		t.Run(disabled, func(t *testing.T) {
			t.Parallel()

			counts := bulk.Counts{Read: 1, Sent: 1}
			if metrics == "" {
				counts = bulk.Counts{Read: 1, Skipped: 1}
			}

			s := openWith(t, options{config: `{"order":{"states":{"changed":{"cancelledOrder":["Open"]}}},"disabledEvents":[` + disabled + `]}`})
			s.ct.Put("payments", json.RawMessage(`{"id":"p1","transactions":[{"id":"r1","type":"Refund","state":"Success",
				"amount":{"type":"centPrecision","currencyCode":"EUR","centAmount":100,"fractionDigits":2}}]}`))
			s.ct.Put("orders", anOrder(1, 1, `,"paymentInfo":{"payments":[{"typeId":"payment","id":"p1"}]}`))
			want(t, s.importing(t, bulk.Orders, bulk.Options{}), counts)

			var got []string
			for _, e := range s.kl.Events() {
				got = append(got, e.Metric)
			}

			slices.Sort(got)

			if got := strings.Join(got, ", "); got != metrics {
				t.Errorf("events: %s, want %s", got, metrics)
			}
		})
	}
}

// Products are asked for once, whatever the number of orders.
func TestProductsAreRemembered(t *testing.T) {
	t.Parallel()

	s := openWith(t, options{unchecked: true})
	generated := commercetoolstest.NewShop(3, commercetoolstest.Size{Customers: 50, Orders: 300, Products: 50, Categories: 20})
	s.ct.Fill(generated)

	before := s.ct.Requests()
	s.importing(t, bulk.Orders, bulk.Options{})

	if got := s.ct.Requests() - before; got > 2+2*2 {
		t.Errorf("%d requests to commercetools for 300 orders", got)
	}
}

// A product that can't be decoded is as good as gone: the orders that it is in are imported without its categories.
func TestOrdersOfABrokenProduct(t *testing.T) {
	t.Parallel()

	s := open(t, nil)
	s.ct.Put("product-projections", json.RawMessage(fmt.Sprintf(`{"id":%q,"version":1,"createdAt":"2024-01-01T00:00:00Z",
		"lastModifiedAt":"2024-01-01T00:00:00Z","published":true,"name":"no localized text"}`, idOf(5))))
	s.ct.Put("orders", json.RawMessage(fmt.Sprintf(`{"id":%q,"version":1,"createdAt":"2024-01-01T00:00:00Z",
		"lastModifiedAt":"2024-01-01T00:00:00Z","customerEmail":"a@kunden.example.de","orderState":"Open",
		"totalPrice":{"type":"centPrecision","currencyCode":"EUR","centAmount":100,"fractionDigits":2},
		"lineItems":[{"id":"l","productId":%q,"name":{"en-US":"x"},"quantity":1,
			"totalPrice":{"type":"centPrecision","currencyCode":"EUR","centAmount":100,"fractionDigits":2},"variant":{"id":1,"sku":"s"}}]}`, idOf(100), idOf(5))))

	want(t, s.importing(t, bulk.Orders, bulk.Options{}), bulk.Counts{Read: 1, Sent: 1})
}
