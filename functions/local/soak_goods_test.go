package main

import (
	"fmt"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// goods are a product and the stock of its variants. A projection shows the stock as it is, and isn't modified by that.
type goods struct {
	id string
	// entries are the ids of the inventory entries.
	entries   [4]string
	published []publication
	// sold is when one piece of each variant was sold.
	sold [4][]time.Duration
}

// publication is how a product is published; of no variants, it is not any more.
type publication struct {
	at                time.Duration
	version, variants int
}

// product is one that is published several times, then perhaps not any more, and sells meanwhile.
func (w *world) product() {
	g := &goods{id: w.id()}

	for i := range g.entries {
		g.entries[i] = w.id()

		for range 1 + w.rand.IntN(3) {
			w.sale(g, i)
		}

		w.later = append(w.later, func() { w.sale(g, i) })
	}

	publish := func() {
		version := 2 * (len(g.published) + 1)
		w.publication(g, 1+w.rand.IntN(4), functiontest.Message(w.t, "product", g.id, "ProductPublished", object{"resourceVersion": version}))
	}
	publish()

	if w.once {
		return
	}

	for range w.rand.IntN(4) {
		publish()
	}

	switch w.rand.IntN(5) {
	case 0:
		version := 2*len(g.published) + 1
		w.publication(g, 0, functiontest.Message(w.t, "product", g.id, "ProductUnpublished", object{"resourceVersion": version}))
	case 1:
		w.publication(g, 0, functiontest.Change(w.t, "product", g.id, "ResourceDeleted"))
	default:
		w.perhaps(publish)
	}
}

// publication publishes a product with so many variants, or takes it away.
func (w *world) publication(g *goods, variants int, payload string) {
	var after time.Duration

	n := len(g.published)
	if n > 0 {
		after = g.published[n-1].at
	}

	g.published = append(g.published, publication{version: 2 * (n + 1), variants: variants})
	g.published[n].at = w.happen(after, func(s *commercetoolstest.Server) { w.show(s, g, g.published[n].at) }, "ProductEvents", payload)
}

// sale sells one piece of a variant; there are three in the beginning.
func (w *world) sale(g *goods, variant int) {
	var after time.Duration

	n := len(g.sold[variant])
	if n > 0 {
		after = g.sold[variant][n-1]
	}

	entry := object{"id": g.entries[variant], "version": 1, "sku": fmt.Sprintf("%s/%d", g.id, variant), "availableQuantity": 2 - n}

	g.sold[variant] = append(g.sold[variant], 0)
	g.sold[variant][n] = w.happen(after, func(s *commercetoolstest.Server) {
		w.put(commercetools.Inventory, entry)(s)
		w.show(s, g, g.sold[variant][n])
	}, "InventoryEvents", functiontest.Change(w.t, "inventory-entry", g.entries[variant], "ResourceUpdated"))
}

// show writes the projection as it is at a time.
func (w *world) show(s *commercetoolstest.Server, g *goods, at time.Duration) {
	var now publication

	for _, p := range g.published {
		if p.at <= at {
			now = p
		}
	}

	if now.variants == 0 {
		s.Delete(string(commercetools.ProductProjections), g.id)

		return
	}

	stock := make([]int, now.variants)
	for i := range stock {
		stock[i] = 3

		for _, sold := range g.sold[i] {
			if sold <= at {
				stock[i]--
			}
		}
	}

	w.putAsOf(s, commercetools.ProductProjections, projection(g.id, now.version, stock), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(now.at))
}
