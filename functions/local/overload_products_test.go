package main

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/functiontest"
)

// Products with as many variants as commercetools allows are published at once: four times what Klaviyo takes in a minute.
const (
	productsAtOnce    = 30
	variantsOfProduct = 100
)

// More variants are published at once than Klaviyo takes in a minute. No instance begins more products than it can finish: a
// delivery that ends in the middle of one starts over, and its requests were for nothing.
func TestOverloadOfProducts(t *testing.T) {
	t.Parallel()

	o := &overload{
		function: "ProductEvents", instances: numberInTerraform(t, "realtime.tf", "max_instances"),
		concurrency: numberInTerraform(t, "realtime.tf", "concurrency"), subscription: readSubscription(t),
	}
	synctest.Test(t, o.publishProducts)
}

func (o *overload) publishProducts(t *testing.T) {
	ct := o.begin(t)
	began := time.Now()

	for i := range productsAtOnce {
		id := fmt.Sprintf("%08x-0000-4000-8000-000000000000", i)

		variants := make([]map[string]any, variantsOfProduct)
		for v := range variants {
			variants[v] = map[string]any{"id": v + 1, "sku": fmt.Sprintf("%d-%d", i, v), "prices": []any{}, "images": []any{}}
		}

		name := map[string]string{"en": "Shirt"}
		ct.Put("product-projections", functiontest.Encode(t, map[string]any{
			"id": id, "version": 1, "name": name, "slug": name, "categories": []any{}, "masterVariant": variants[0], "variants": variants[1:],
		}))

		body := functiontest.Push(t, functiontest.Message(t, "product", id, "ProductPublished", map[string]any{"resourceVersion": 1}))

		o.left.Add(1)
		o.waiting.Go(func() { o.publish(body) })
	}

	o.waiting.Wait()
	t.Logf("%d products in %v and %d deliveries; %d of %d requests were refused",
		productsAtOnce, time.Since(began).Round(time.Second), o.deliveries.Load(), o.kl.Throttled(), o.kl.Requests())

	if n := len(o.kl.Variants()); n != productsAtOnce*variantsOfProduct || len(o.parked.all) > 0 {
		t.Errorf("%d variants and %d parked, want %d and none", n, len(o.parked.all), productsAtOnce*variantsOfProduct)
	}

	// One that is new takes an update in vain, its creation, a list, and its variants.
	if most := int64(productsAtOnce * (3 + variantsOfProduct) * 3 / 2); o.kl.Requests() > most {
		t.Errorf("%d requests, want at most %d: a half more than it takes at least", o.kl.Requests(), most)
	}
}
