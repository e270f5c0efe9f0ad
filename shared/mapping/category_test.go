package mapping_test

import (
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// Each case of testdata/category holds category.json, perhaps shop.json, and in want.json what must come out.
func TestCategory(t *testing.T) {
	t.Parallel()

	golden(t, "testdata/category", func(t *testing.T, in input) (string, any) {
		t.Helper()

		var (
			category commercetools.Category
			shop     mapping.Shop
		)

		in.decode(t, "category.json", &category)
		in.optional(t, "shop.json", &shop)

		return "want.json", mapping.Category(category, shop)
	})
}

func FuzzCategory(f *testing.F) {
	f.Add([]byte(`{"id":"c1","name":{"en":"a"},"ancestors":[{"obj":null},{"obj":{"name":null}}]}`), "en-US")
	f.Add([]byte(`{"id":"/?#","name":{"":"\u0000","de":" "},"ancestors":[{"obj":{"name":{"de":"> \" >"}}}]}`), "")

	f.Fuzz(func(t *testing.T, data []byte, locale string) {
		category := given[commercetools.Category](t, data)
		if category.ID == "" {
			t.Skip("no category")
		}

		got := mapping.Category(category, mapping.Shop{Locale: locale})
		if got.Name == "" {
			t.Error("a category without a name")
		}

		kl := account(t)
		expectTaken(t, "the category", kl.UpsertCategory(t.Context(), got))

		_, refused, err := kl.StartCategories(t.Context(), klaviyo.UpdateCategories, []klaviyo.Category{got})
		expectTaken(t, "the row", err, refused...)
	})
}
