package main

import (
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// demoResources are those of the demo shop, decoded; of the orders the first.
func demoResources[T any](t *testing.T, endpoint string) iter.Seq[T] {
	t.Helper()

	size := demoSize()
	size.Orders = 600
	shop := commercetoolstest.NewShop(demoSeed, size)

	return func(yield func(T) bool) {
		for raw := range shop.All(endpoint) {
			one, err := commercetools.Decode[T](raw)
			if err != nil {
				t.Fatal(err)
			}

			if !yield(one) {
				return
			}
		}
	}
}

// The demo shop shows what a shop can have, and not what this connector fails at: all of it can be mapped, but for orders
// of nobody.

func TestDemoCustomersMap(t *testing.T) {
	t.Parallel()

	for c := range demoResources[commercetools.Customer](t, "customers") {
		if _, err := mapping.Profile(c, mapping.Filter{}); err != nil {
			t.Errorf("customer %s: %v", c.ID, err)
		}
	}
}

func TestDemoOrdersMap(t *testing.T) {
	t.Parallel()

	payments := map[string]commercetools.Payment{}
	for p := range demoResources[commercetools.Payment](t, "payments") {
		payments[p.ID] = p
	}

	skipped, refunded, again := 0, 0, 0

	for o := range demoResources[commercetools.Order](t, "orders") {
		event, err := mapping.PlacedOrder(o, nil, mapping.Shop{}, mapping.OrderConfig{GuideProperties: true})
		if _, missing := errors.AsType[*mapping.MissingError](err); missing {
			skipped++

			continue
		}

		items, itemsErr := mapping.OrderedProducts(o, nil, mapping.Shop{}, mapping.OrderConfig{})
		if err := errors.Join(err, itemsErr); err != nil || event.Value == "0" || len(items) == 0 {
			t.Errorf("order %s, %s with %d items: %v", o.ID, event.Value, len(items), err)
		}

		if n := refundsOf(t, o, payments); n > 0 {
			refunded++
			again += n - 1
		}
	}

	// Orders of nobody: 600/97, and the guests among 600/41.
	if skipped < 6 || skipped > 12 || refunded < 100 || again < 40 {
		t.Errorf("%d orders of nobody, %d were refunded, %d times in further parts", skipped, refunded, again)
	}
}

// refundsOf maps the refunds of an order, and returns how many there are.
func refundsOf(t *testing.T, o commercetools.Order, payments map[string]commercetools.Payment) int {
	t.Helper()

	var own []commercetools.Payment
	for _, id := range o.PaymentIDs() {
		own = append(own, payments[id])
	}

	n := 0

	for _, p := range own {
		for _, refund := range refunds(p) {
			n++

			event, err := mapping.RefundedOrder(o, nil, own, refund.ID, o.CreatedAt, mapping.Shop{}, mapping.OrderConfig{})
			if err != nil || event.Value == "0" || event.ValueCurrency != o.TotalPrice.CurrencyCode {
				t.Errorf("order %s: refund %s %s: %v", o.ID, event.Value, event.ValueCurrency, err)
			}
		}
	}

	return n
}

func TestDemoProductsMap(t *testing.T) {
	t.Parallel()

	prices := map[string][]commercetools.StandalonePrice{}
	for p := range demoResources[commercetools.StandalonePrice](t, "standalone-prices") {
		prices[p.SKU] = append(prices[p.SKU], p)
	}

	unpriced := 0

	for p := range demoResources[commercetools.Product](t, "product-projections") {
		var standalone []commercetools.StandalonePrice
		for _, v := range p.AllVariants() {
			standalone = append(standalone, prices[v.SKU]...)
		}

		item, variants, err := mapping.Product(p, standalone, mapping.Shop{}, mapping.ProductConfig{MissingText: "None"}, time.Now())
		if err != nil || item.Title == "None" || len(variants) != len(p.AllVariants()) {
			t.Errorf("product %s %q with %d variants: %v", p.ID, item.Title, len(variants), err)
		}

		if item.Price == "0" {
			unpriced++
		}
	}

	if unpriced != 300/17+1 {
		t.Errorf("%d products without a price, want %d", unpriced, 300/17+1)
	}
}

func TestDemoCategoriesMap(t *testing.T) {
	t.Parallel()

	for c := range demoResources[commercetools.Category](t, "categories") {
		if mapped := mapping.Category(c, mapping.Shop{}); mapped.Name == c.ID {
			t.Errorf("category %s has no name", c.ID)
		}
	}
}
