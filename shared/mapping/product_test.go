package mapping_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// today is when these tests take place.
func today() time.Time { return time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC) }

// Each case of testdata/product holds product.json, perhaps standalone.json, shop.json and config.json, and in want.json
// what must come out.
func TestProduct(t *testing.T) {
	t.Parallel()

	golden(t, "testdata/product", func(t *testing.T, in input) (string, any) {
		t.Helper()

		var (
			product    commercetools.Product
			standalone []commercetools.StandalonePrice
			shop       mapping.Shop
			want       struct {
				Item     klaviyo.Item
				Variants []klaviyo.Variant
			}
		)

		cfg := mapping.ProductConfig{MissingText: "None"}

		in.decode(t, "product.json", &product)
		in.optional(t, "standalone.json", &standalone)
		in.optional(t, "shop.json", &shop)
		in.optional(t, "config.json", &cfg)

		var err error
		if want.Item, want.Variants, err = mapping.Product(product, standalone, shop, cfg, today()); err != nil {
			return "error", err.Error()
		}

		return "want.json", want
	})
}

// Each case of testdata/price holds the prices of a variant, perhaps shop.json, and what of it is shown on 15 June 2026.
func TestProductPrice(t *testing.T) {
	t.Parallel()

	golden(t, "testdata/price", func(t *testing.T, in input) (string, any) {
		t.Helper()

		var (
			variant commercetools.Variant
			shop    mapping.Shop
		)

		in.decode(t, "prices.json", &variant.Prices)
		in.optional(t, "shop.json", &shop)

		item, variants, err := mapping.Product(
			commercetools.Product{ID: "p1", MasterVariant: &variant}, nil, shop, mapping.ProductConfig{}, today())
		if err != nil {
			t.Fatal(err)
		}

		if item.Price != variants[0].Price {
			t.Errorf("the item's price is %s, the variant's %s", item.Price, variants[0].Price)
		}

		return "want.json", map[string]any{
			"price":         item.Price,
			"price_json":    json.RawMessage(item.CustomMetadata["price_json"]),
			"currency_json": json.RawMessage(item.CustomMetadata["currency_json"]),
		}
	})
}

// A picture that is gone is cleared, not left as it is.
func TestProductClearsThePicture(t *testing.T) {
	t.Parallel()

	product := commercetools.Product{ID: "p1", MasterVariant: &commercetools.Variant{ID: 1}}

	item, variants, err := mapping.Product(product, nil, mapping.Shop{}, mapping.ProductConfig{}, today())
	if err != nil || !item.ImageFullURL.IsNull() || !variants[0].ImageFullURL.IsNull() {
		t.Errorf("got %+v and %+v, error %v; want both pictures null", item.ImageFullURL, variants[0].ImageFullURL, err)
	}
}

// A product of a modular catalog has no variants of its own.
func TestProductWithoutVariants(t *testing.T) {
	t.Parallel()

	_, _, err := mapping.Product(commercetools.Product{ID: "p1"}, nil, mapping.Shop{}, mapping.ProductConfig{}, today())
	if _, ok := errors.AsType[*mapping.UnsupportedError](err); !ok {
		t.Errorf("error = %v, want an UnsupportedError", err)
	}
}

func TestProductSamples(t *testing.T) {
	t.Parallel()

	shop := mapping.Shop{Locale: "en-US", Currency: "USD", ProductURLTemplate: "https://shop.example.org/{{productSlug}}"}

	for _, raw := range samples(t, "product-projections.json") {
		product := decoded[commercetools.Product](t, string(raw))

		item, variants, err := mapping.Product(product, nil, shop, mapping.ProductConfig{MissingText: "None"}, today())
		if err != nil {
			t.Fatal(err)
		}

		if item.ExternalID != product.ID || item.Title != product.Name["en-US"] || item.Price == "0" ||
			len(variants) != 1+len(product.Variants) || len(item.CategoryIDs) < len(product.Categories) ||
			!strings.HasSuffix(item.URL, "/"+product.Slug["en-US"]) {
			t.Errorf("product %s became %+v with %d variants", product.ID, item, len(variants))
		}
	}
}

func FuzzProduct(f *testing.F) {
	f.Add([]byte(`{"id":"p1","name":{"en":"x"},"priceMode":"Standalone","masterVariant":{"sku":"s"},"variants":[null],"categories":[{"id":"c","obj":{"ancestors":[{"id":"r","obj":null}]}}]}`), []byte(`[{"sku":"s","active":true,"value":{"currencyCode":"EUR","centAmount":-5,"fractionDigits":200},"discounted":null}]`), "EUR")
	f.Add([]byte(`{"id":"p1","masterVariant":{"prices":[{"value":{"currencyCode":"\n"},"validFrom":"0001-01-01T00:00:00Z","validUntil":"9999-12-31T23:59:59Z","country":""}],"images":[{}],"availability":{"channels":null}}}`), []byte(`null`), "")

	f.Fuzz(func(t *testing.T, data, prices []byte, currency string) {
		product, standalone := given[commercetools.Product](t, data), given[[]commercetools.StandalonePrice](t, prices)
		if product.ID == "" {
			t.Skip("no product")
		}

		shop := mapping.Shop{Currency: currency, ProductURLTemplate: "https://shop.example.org/{{productSlug}}"}

		item, variants, err := mapping.Product(product, standalone, shop, mapping.ProductConfig{MissingText: "None"}, today())
		if _, ok := errors.AsType[*mapping.UnsupportedError](err); ok {
			t.Skip("no variants")
		}

		if err != nil {
			t.Fatal(err)
		}

		kl := account(t)

		var categories []klaviyo.Category
		for _, id := range item.CategoryIDs {
			categories = append(categories, klaviyo.Category{ExternalID: id, Name: "any"})
		}

		_, refused, err := kl.StartCategories(t.Context(), klaviyo.CreateCategories, categories)
		expectTaken(t, "the categories", err, refused...)

		if len(refused) > 0 {
			t.Skip("the item is in a category that can't be")
		}

		expectTaken(t, "the item", kl.UpsertItem(t.Context(), item))

		for _, v := range variants {
			expectTaken(t, "variant "+v.ExternalID, kl.UpsertVariant(t.Context(), v))
		}

		_, refused, err = kl.StartItems(t.Context(), klaviyo.UpdateItems, []klaviyo.Item{item})
		expectTaken(t, "the item's row", err, refused...)

		_, refused, err = kl.StartVariants(t.Context(), klaviyo.CreateVariants, variants)
		expectTaken(t, "the variants' rows", err, refused...)
	})
}
