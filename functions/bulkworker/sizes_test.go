package bulkworker_test

import (
	"net/http"
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// Shops of any size, also where a page or a batch is just full, and with ids that don't spread: everything is imported, once.
func TestSizes(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]sizeTest{
		"empty":    {},
		"one":      {size: commercetoolstest.Size{Customers: 1, Orders: 1, Products: 1, Categories: 1}},
		"500":      {size: commercetoolstest.Size{Customers: 500, Orders: 500, Products: 500, Categories: 500}},
		"501":      {size: commercetoolstest.Size{Customers: 501, Orders: 501, Products: 501, Categories: 501}},
		"10,000":   {size: commercetoolstest.Size{Customers: 10_000}},
		"16 parts": {size: commercetoolstest.Size{Customers: 501, Orders: 60, Products: 60, Categories: 60}, shards: 16, step: 10},
		"one digit": {
			size:   commercetoolstest.Size{Customers: 501, Orders: 60, Products: 60, Categories: 60, SameDigit: true},
			shards: 16, step: 10,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

// sizeTest imports a generated shop in so many shards and pages; 0 is what suits the importers.
type sizeTest struct {
	size         commercetoolstest.Size
	shards, step int
}

func (c sizeTest) run(t *testing.T) {
	t.Helper()

	generated := commercetoolstest.NewShop(3, c.size)
	shop, account := commercetoolstest.NewServer("demo"), klaviyotest.New(klaviyotest.Options{})
	shop.Fill(generated)

	s := scene{store: bulktest.NewStore(t), process: func(out bulktest.Outward) http.Handler {
		all := importers(t, both(shop, account))
		if c.shards > 0 {
			all = bulktest.InSteps(all, c.shards, c.step)
		}

		return newProcess(t, out, all)
	}}

	counts := map[bulk.Resource]bulk.Counts{}

	for _, resource := range bulk.Resources() {
		p, err := s.importing(t, resource, bulk.Options{}, &doomed{}).Progress(t.Context(), resource, 10)
		if err != nil || p.Status != bulk.Done || p.Failed > 0 {
			t.Errorf("%s: %+v, %v", resource, p, err)
		}

		counts[resource] = p.Counts

		// Before orders write to profiles, too.
		if resource == bulk.Customers {
			onceEach(t, account, counts)
		}
	}

	onceEvents(t, account, counts[bulk.Orders], generated)
}

// onceEach expects that everything in the catalog, and each profile, was written once.
func onceEach(t *testing.T, account *klaviyotest.Server, counts map[bulk.Resource]bulk.Counts) {
	t.Helper()

	got := map[bulk.Resource]int{}
	again := 0

	for resource, entries := range map[bulk.Resource][]klaviyotest.Entry{
		bulk.Categories: account.Categories(), bulk.Products: account.Items(), "variants": account.Variants(),
	} {
		got[resource] = len(entries)

		for _, e := range entries {
			again += e.Writes - 1
		}
	}

	for _, p := range account.Profiles() {
		got[bulk.Customers]++
		again += p.Imports - 1
	}

	for resource, c := range counts {
		if got[resource] != c.Sent {
			t.Errorf("%s: %d are there, want %d", resource, got[resource], c.Sent)
		}
	}

	if again > 0 {
		t.Errorf("%d were written again", again)
	}
}

// onceEvents expects all events of all orders, each sent once.
func onceEvents(t *testing.T, account *klaviyotest.Server, counts bulk.Counts, generated *commercetoolstest.Shop) {
	t.Helper()

	want, skipped := eventsOf(t, generated)

	events := account.Events()
	if orders := generated.Len("orders"); len(events) != len(want) || counts != (bulk.Counts{Read: orders, Sent: orders - skipped, Skipped: skipped}) {
		t.Errorf("%d events of %+v, want %d of %d orders without the %d skipped", len(events), counts, len(want), orders, skipped)
	}

	for _, e := range events {
		if e.Received != 1 {
			t.Errorf("%s %s was sent %d times", e.Metric, e.UniqueID, e.Received)
		}
	}
}
