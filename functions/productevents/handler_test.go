package productevents

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctklaviyo/connector/shared/functiontest"
)

// old is the catalog before a message, where there is one.
func old() catalog {
	return catalog{Items: map[string]any{shirt: "Old"}, Variants: map[string]shown{"A": {shirt, "Old", 0.0, 0.0}, "X": {shirt, "Old", 0.0, 0.0}}}
}

// What each message makes of a product that Klaviyo doesn't have, and of one that it has with other variants.
func TestMessages(t *testing.T) {
	t.Parallel()

	const disabled = "switched off by disabledEvents"

	published, unpublished := message(t, "ProductPublished", 5), message(t, "ProductUnpublished", 6)
	ab := []string{"A", "B"}
	now := shirts(ab...)

	tests := []struct {
		name    string
		config  string
		payload string
		// skus are those in commercetools; nil when it is gone or not published.
		skus []string
		// fresh and known are what Klaviyo has then, if it had nothing and if it had old.
		fresh, known catalog
		reason       string
	}{
		{name: "published", skus: ab, payload: published, fresh: now, known: now},
		{name: "published, not included", skus: ab, fresh: now, known: now, payload: functiontest.TooLarge(t, "product", shirt, "ProductPublished")},
		{
			name: "a message of the config file", skus: ab, payload: message(t, "ProductPriceChanged", 5), fresh: now, known: now,
			config: `{"product":{"messages":{"published":["ProductPublished","ProductPriceChanged"]}}}`,
		},
		{name: "published, but gone since", payload: published, fresh: nothing(), known: nothing()},
		{name: "unpublished", payload: unpublished, fresh: nothing(), known: nothing()},
		{name: "unpublished, read too early", skus: ab, payload: unpublished, fresh: nothing(), known: nothing()},
		{name: "unpublished, but published again since", skus: ab, payload: message(t, "ProductUnpublished", 4), fresh: now, known: now},
		{
			name: "a deletion of the config file", payload: message(t, "ProductDeleted", 6), fresh: nothing(), known: nothing(),
			config: `{"product":{"messages":{"deleted":["ProductDeleted"]}}}`,
		},
		{name: "deleted", payload: changed(t, "ResourceDeleted"), fresh: nothing(), known: nothing()},

		{name: "updated", skus: ab, payload: changed(t, "ResourceUpdated"), fresh: nothing(), known: old(), reason: "no message that changes a catalog item"},
		{
			name: "another resource", skus: ab, payload: functiontest.Message(t, "category", shirt, "ProductPublished", nil),
			fresh: nothing(), known: old(), reason: "not about a product",
		},
		{
			name: "published disabled", skus: ab, payload: published, config: `{"disabledEvents":["ProductPublished"]}`,
			fresh: nothing(), known: old(), reason: disabled,
		},
		{
			name: "unpublished disabled", payload: unpublished, config: `{"disabledEvents":["ProductUnpublished"]}`,
			fresh: nothing(), known: old(), reason: disabled,
		},
		{
			name: "unpublished disabled, published late", payload: published,
			config: `{"disabledEvents":["ProductUnpublished"]}`, fresh: nothing(), known: old(),
		},
		{
			name: "published disabled, unpublished late", skus: ab, payload: message(t, "ProductUnpublished", 4),
			config: `{"disabledEvents":["ProductPublished"]}`, fresh: nothing(), known: old(),
		},
		{
			name: "deleted disabled", payload: changed(t, "ResourceDeleted"),
			config: `{"disabledEvents":["ProductResourceDeleted"]}`, fresh: nothing(), known: old(), reason: disabled,
		},
	}
	for _, tt := range tests {
		for format, payload := range functiontest.Formats(t, tt.payload) {
			for state, want := range map[string]catalog{"fresh": tt.fresh, "known": tt.known} {
				t.Run(tt.name+", "+format+", "+state, func(t *testing.T) {
					t.Parallel()

					s := before(t, functiontest.Options{Config: tt.config, Checked: format == "Platform"}, state == "known")
					publish(t, s, 5, tt.skus)
					expect(t, s, payload, want, tt.reason)
				})
			}
		}
	}
}

// expect delivers a payload, and looks at the catalog and the reason in the log.
func expect(t *testing.T, s *functiontest.Shop, payload string, want catalog, reason string) {
	t.Helper()
	s.Acknowledged(t, payload)

	expectCatalog(t, s, want)

	if got, _ := s.LastLine(t)["reason"].(string); got != reason {
		t.Errorf("reason %q, want %q", got, reason)
	}
}

// All that an item and a variant have, once.
func TestItem(t *testing.T) {
	t.Parallel()

	s := withCategories(t, open(t, functiontest.Options{Checked: true}))
	s.Commercetools.Put("product-projections", product(t, object{"description": object{"en": "Soft."}}, variant(1, "A")))
	s.Acknowledged(t, message(t, "ProductPublished", 5))

	want := object{
		"external_id": shirt, "title": "Shirt", "description": "Soft.", "url": "https://shop.example/shirt", "price": 19.99,
		"published": true,
	}

	// mapping's golden files have it.
	ignored := cmpopts.IgnoreMapEntries(func(key string, _ any) bool { return key == "custom_metadata" })

	item := s.Klaviyo.Items()[0]
	if diff := cmp.Diff(want, item.Attributes, ignored); diff != "" {
		t.Errorf("item (-want +got):\n%s", diff)
	}

	if diff := cmp.Diff([]string{women, pants}, item.Refs); diff != "" {
		t.Errorf("categories (-want +got):\n%s", diff)
	}

	want["external_id"], want["sku"], want["inventory_quantity"], want["inventory_policy"] = "A", "A", 3.0, 1.0
	if diff := cmp.Diff(want, s.Klaviyo.Variants()[0].Attributes, ignored); diff != "" {
		t.Errorf("variant (-want +got):\n%s", diff)
	}
}

func TestVariantsWithoutSKU(t *testing.T) {
	t.Parallel()

	s := withCategories(t, open(t, functiontest.Options{Checked: true}))
	s.Commercetools.Put("product-projections", product(t, nil, variant(1, ""), variant(2, "")))
	s.Acknowledged(t, message(t, "ProductPublished", 5))

	expectCatalog(t, s, shirts(shirt+"-1", shirt+"-2"))

	// One gets a SKU.
	s.Commercetools.Put("product-projections", product(t, object{"version": 6}, variant(1, "A"), variant(2, "")))
	s.Acknowledged(t, message(t, "ProductPublished", 6))

	expectCatalog(t, s, shirts("A", shirt+"-2"))
}

func TestChannelStock(t *testing.T) {
	t.Parallel()

	config := `{"product":{"inventory":{"useChannelInventory":"` + berlin + `"}}}`
	s := withCategories(t, open(t, functiontest.Options{Config: config, Checked: true}))

	elsewhere := variant(2, "B")
	elsewhere["availability"] = object{"availableQuantity": 3}

	s.Commercetools.Put("product-projections", product(t, nil, variant(1, "A"), elsewhere))
	s.Acknowledged(t, message(t, "ProductPublished", 5))

	want := shirts("A", "B")
	want.Variants["A"] = shown{shirt, "Shirt", 19.99, 0.0}

	expectCatalog(t, s, want)
}

// The SKU of a variant moves to another product. Klaviyo can't move it.
func TestMovedSKU(t *testing.T) {
	t.Parallel()

	s := withCategories(t, open(t, functiontest.Options{Checked: true}))
	has(t, s, "another", "A", "Z")
	s.Commercetools.Put("product-projections", product(t, nil, variant(1, "A")))
	s.Acknowledged(t, message(t, "ProductPublished", 5))

	want := shirts("A")
	want.Items["another"] = "Old"
	want.Variants["Z"] = shown{"another", "Old", 0.0, 0.0}

	expectCatalog(t, s, want)
}

// Klaviyo lists 100 variants a page, and nothing may be left on a later one.
func TestManyVariants(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withCategories(t, open(t, functiontest.Options{InMemory: true}))

		var before, after []string
		for i := range 230 {
			before = append(before, fmt.Sprintf("SKU-%03d", i))
		}

		has(t, s, shirt, before...)

		variants := make([]object, 0, 100)
		for i := range 100 {
			after = append(after, fmt.Sprintf("SKU-%03d", 150+i)) // 80 stay, 20 are new
			variants = append(variants, variant(i+1, after[i]))
		}

		s.Commercetools.Put("product-projections", product(t, nil, variants[0], variants[1:]...))
		s.Acknowledged(t, message(t, "ProductPublished", 5))

		expectCatalog(t, s, shirts(after...))

		// The item, three pages before and after, 100 variants and 150 deletions, and the product and its stock.
		if got := len(s.Requests()); got != 1+3+3+100+150+2 {
			t.Errorf("%d requests, want 259", got)
		}
	})
}

func TestStandalonePrices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withCategories(t, open(t, functiontest.Options{InMemory: true, Checked: true}))
		price := func(id, sku string, cents int, more string) json.RawMessage {
			return json.RawMessage(fmt.Sprintf(`{"id":%q,"sku":%q,"value":%s%s}`, id, sku, functiontest.Encode(t, functiontest.Euros(cents)), more))
		}

		s.Commercetools.Put("standalone-prices",
			price("1", "A", 100, `,"active":true,"customerGroup":{"typeId":"customer-group","id":"g"}`),
			price("2", "A", 200, `,"active":false`),
			price("3", "A", 2999, `,"active":true`),
			price("4", "other", 400, `,"active":true`),
			price("5", "A", 500, `,"active":true,"channel":{"typeId":"channel","id":"c"}`),
		)
		// More than a page of B's, and the one that counts comes last.
		for i := range 520 {
			s.Commercetools.Put("standalone-prices", price(fmt.Sprintf("6-%03d", i), "B", i, `,"active":true,"validUntil":"1999-01-01T00:00:00.000Z"`))
		}

		s.Commercetools.Put("standalone-prices", price("7", "B", 3999, `,"active":true`))
		s.Commercetools.Put("product-projections", product(t, object{"priceMode": "Standalone"}, variant(1, "A"), variant(2, "B"), variant(3, "")))
		s.Acknowledged(t, message(t, "ProductPublished", 5))

		want := shirts("A", "B", shirt+"-3")
		for id, price := range map[string]float64{"A": 29.99, "B": 39.99, shirt + "-3": 0} {
			want.Variants[id] = shown{shirt, "Shirt", price, 3.0}
		}

		expectCatalog(t, s, want)

		asked := slices.DeleteFunc(s.Requests(), func(r string) bool { return r != "GET /demo/standalone-prices" })
		if len(asked) != 2 { // pages
			t.Errorf("asked %d times for prices, want 2", len(asked))
		}
	})
}

func TestRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const (
			get    = "GET /demo/product-projections/" + shirt
			stock  = "GET /demo/inventory"
			id     = "/$custom:::$default:::"
			item   = "/api/catalog-items"
			list   = "GET " + item + id + shirt + "/relationships/variants"
			create = "POST /api/catalog-variants"
			update = "PATCH /api/catalog-variants" + id
		)

		s := withCategories(t, open(t, functiontest.Options{InMemory: true}))
		published := message(t, "ProductPublished", 5)

		steps := []struct {
			name    string
			payload string
			product json.RawMessage
			want    []string
		}{
			{"new", published, product(t, nil, variant(1, "A"), variant(2, "B")), []string{
				get, stock, "PATCH " + item + id + shirt, "POST " + item, list, create, create,
			}},
			{"known", published, product(t, nil, variant(1, "A"), variant(2, "C")), []string{
				get, stock, "PATCH " + item + id + shirt, list, create, update + "A", list, "DELETE /api/catalog-variants" + id + "B",
			}},
			{"unpublished", message(t, "ProductUnpublished", 6), nil, []string{get, "DELETE " + item + id + shirt}},
			{"deleted", changed(t, "ResourceDeleted"), nil, []string{"DELETE " + item + id + shirt}},
		}
		for _, step := range steps {
			s.Commercetools.Delete("product-projections", shirt)

			if step.product != nil {
				s.Commercetools.Put("product-projections", step.product)
			}

			s.Acknowledged(t, step.payload)

			// Variants are written at the same time.
			if diff := cmp.Diff(step.want, s.Requests(), cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
				t.Errorf("%s: requests (-want +got):\n%s", step.name, diff)
			}
		}
	})
}

// What a product says about its stock lags behind what the inventory says.
func TestStock(t *testing.T) {
	t.Parallel()

	inBerlin := `{"product":{"inventory":{"useChannelInventory":"` + berlin + `"}}}`

	for name, tt := range map[string]struct {
		config, entries string
		want            float64
	}{
		"fresher":                   {"", `{"id":"1","sku":"A","availableQuantity":7}`, 7},
		"none left":                 {"", `{"id":"1","sku":"A","availableQuantity":0}`, 0},
		"another SKU":               {"", `{"id":"1","sku":"B","availableQuantity":7}`, 3},
		"in a channel":              {"", `{"id":"1","sku":"A","availableQuantity":7,"supplyChannel":{"typeId":"channel","id":"` + berlin + `"}}`, 3},
		"in the channel":            {inBerlin, `{"id":"1","sku":"A","availableQuantity":7,"supplyChannel":{"typeId":"channel","id":"` + berlin + `"}}`, 7},
		"none in the channel":       {inBerlin, `{"id":"1","sku":"A","availableQuantity":8}`, 8},
		"only the product tells it": {inBerlin, `{"id":"1","sku":"B","availableQuantity":8}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := withCategories(t, open(t, functiontest.Options{Config: tt.config, Checked: true}))
			s.Commercetools.Put("product-projections", product(t, nil, variant(1, "A")))
			s.Commercetools.Put("inventory", json.RawMessage(tt.entries))
			s.Acknowledged(t, message(t, "ProductPublished", 5))

			if got := s.Klaviyo.Variants()[0].Attributes["inventory_quantity"]; got != tt.want {
				t.Errorf("stock %v, want %v", got, tt.want)
			}
		})
	}
}
