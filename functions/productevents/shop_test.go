package productevents

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/settings"
)

const (
	shirt  = "0f0443ef-d561-4a75-8858-bc2f7fc4f6b2"
	berlin = "4f5e6d7c-8b9a-4c0d-9e1f-2a3b4c5d6e7f"
	// pants are in women.
	women = "043cf898-d6f7-4572-b0c9-7e65a577069e"
	pants = "1ba940d8-d243-42ee-a214-c8d51abe8b45"
)

// open opens a shop where Klaviyo has the categories.
func open(t *testing.T, o functiontest.Options) *functiontest.Shop {
	t.Helper()

	s := functiontest.Open(t, functiontest.Function{
		Name: name,
		New: func(ct *commercetools.Client, kl *klaviyo.Client, cfg settings.Config) delivery.Handle {
			return New(ct, kl, preferences(), cfg)
		},
	}, o)
	s.Commercetools.Put("categories", functiontest.Encode(t, object{"id": women, "name": object{"en": "Women"}, "ancestors": []object{}}), functiontest.Encode(t, object{
		"id": pants, "name": object{"en": "Pants"}, "ancestors": []object{{"typeId": "category", "id": women}},
	}))

	return s
}

func preferences() settings.Shop {
	return settings.Shop{Locale: "en-US", Currency: "EUR", ProductURL: "https://shop.example/{{productSlug}}"}
}

// withCategories has Klaviyo know the categories.
func withCategories(t *testing.T, s *functiontest.Shop) *functiontest.Shop {
	t.Helper()

	for _, id := range []string{women, pants} {
		if err := s.Client.CreateCategory(t.Context(), klaviyo.Category{ExternalID: id, Name: "c"}); err != nil {
			t.Fatal(err)
		}
	}

	return s
}

type object = map[string]any

// variant is a variant in commercetools: 19.99 EUR, 3 pieces.
func variant(id int, sku string) object {
	return object{
		"id": id, "sku": sku, "prices": []object{{"id": "p", "value": functiontest.Euros(1999)}}, "images": []object{},
		"availability": object{"availableQuantity": 3, "channels": object{berlin: object{"availableQuantity": 0}}},
	}
}

// product is the projection of the shirt, with changes.
func product(t *testing.T, changes object, master object, variants ...object) json.RawMessage {
	t.Helper()

	p := object{
		"id": shirt, "version": 5, "name": object{"en": "Shirt"}, "slug": object{"en": "shirt"}, "priceMode": "Embedded",
		"categories": []object{{"typeId": "category", "id": pants}}, "masterVariant": master, "variants": append([]object{}, variants...),
	}
	maps.Copy(p, changes)

	return functiontest.Encode(t, p)
}

// catalog is what Klaviyo has: the items' titles by id, and of each variant a few attributes.
type catalog struct {
	Items    map[string]any
	Variants map[string]shown
}

// shown is what the tests look at of a variant.
type shown struct {
	Item, Title, Price, Stock any
}

func catalogOf(s *functiontest.Shop) catalog {
	c := catalog{Items: map[string]any{}, Variants: map[string]shown{}}

	for _, i := range s.Klaviyo.Items() {
		c.Items[i.ExternalID] = i.Attributes["title"]
	}

	for _, v := range s.Klaviyo.Variants() {
		c.Variants[v.ExternalID] = shown{v.Refs[0], v.Attributes["title"], v.Attributes["price"], v.Attributes["inventory_quantity"]}
	}

	return c
}

// shirts is the catalog with the shirt in these variants.
func shirts(skus ...string) catalog {
	c := catalog{Items: map[string]any{shirt: "Shirt"}, Variants: map[string]shown{}}
	for _, sku := range skus {
		c.Variants[sku] = shown{shirt, "Shirt", 19.99, 3.0}
	}

	return c
}

func nothing() catalog { return catalog{Items: map[string]any{}, Variants: map[string]shown{}} }

// has puts an item with variants into Klaviyo.
func has(t *testing.T, s *functiontest.Shop, item string, skus ...string) {
	t.Helper()

	if err := s.Client.CreateItem(t.Context(), klaviyo.Item{ExternalID: item, Title: "Old"}); err != nil {
		t.Fatal(err)
	}

	for _, sku := range skus {
		if err := s.Client.CreateVariant(t.Context(), klaviyo.Variant{ExternalID: sku, ItemID: item, Title: "Old", SKU: sku}); err != nil {
			t.Fatal(err)
		}
	}
}

// before opens a shop where Klaviyo has the categories, and the shirt in other variants if it is known.
func before(t *testing.T, o functiontest.Options, known bool) *functiontest.Shop {
	t.Helper()

	s := withCategories(t, open(t, o))
	if known {
		has(t, s, shirt, "A", "X")
	}

	return s
}

// publish has commercetools publish the shirt in these SKUs; nil is not published.
func publish(t *testing.T, s *functiontest.Shop, version int, skus []string) {
	t.Helper()
	s.Commercetools.Delete("product-projections", shirt)

	var variants []object
	for i, sku := range skus {
		variants = append(variants, variant(i+1, sku))
	}

	if variants != nil {
		s.Commercetools.Put("product-projections", product(t, object{"version": version}, variants[0], variants[1:]...))
	}
}

// expectCatalog looks at what Klaviyo has.
func expectCatalog(t *testing.T, s *functiontest.Shop, want catalog) {
	t.Helper()

	if diff := cmp.Diff(want, catalogOf(s)); diff != "" {
		t.Errorf("catalog (-want +got):\n%s", diff)
	}
}

// message is a Message about the shirt. What it carries is never looked at.
func message(t *testing.T, kind string, version int) string {
	t.Helper()

	return functiontest.Message(t, "product", shirt, kind, object{
		"resourceVersion": version, "productProjection": product(t, object{"name": object{"en": "Then"}}, variant(1, "then")),
	})
}

func changed(t *testing.T, kind string) string {
	t.Helper()

	return functiontest.Change(t, "product", shirt, kind)
}
