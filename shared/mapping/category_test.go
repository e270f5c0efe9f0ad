package mapping_test

import (
	"encoding/json"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
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
	f.Add([]byte(`{"id":"c1","name":{"en":"a"},"ancestors":[{"obj":null},{"obj":{"name":null}}]}`))

	f.Fuzz(func(t *testing.T, data []byte) {
		var category commercetools.Category
		if json.Unmarshal(data, &category) != nil {
			t.Skip("no category")
		}

		if got := mapping.Category(category, mapping.Shop{Locale: "en-US"}); got.Name == "" && category.ID != "" {
			t.Error("a category without a name")
		}
	})
}
