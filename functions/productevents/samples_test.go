package productevents

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// sample is a resource of the samples that refers to categories.
type sample struct {
	ID         string      `json:"id"`
	Categories []reference `json:"categories"`
	Ancestors  []reference `json:"ancestors"`
}

type reference struct {
	ID string `json:"id"`
}

// The sample messages about one product: twice, and in the opposite order.
func TestSamples(t *testing.T) {
	t.Parallel()

	var messages []string
	for _, name := range []string{"ProductPublished", "product ResourceUpdated", "ProductUnpublished", "product ResourceDeleted"} {
		messages = append(messages, string(functiontest.SampleMessage(t, name)))
	}

	opposite := slices.Clone(messages)
	slices.Reverse(opposite)

	for name, tt := range map[string]struct {
		messages []string
		exists   bool
		items    int
	}{
		"published":         {messages[:2], true, 1},
		"published twice":   {slices.Concat(messages[:2], messages[:2]), true, 1},
		"published reverse": {opposite[2:], true, 1},
		"gone":              {messages, false, 0},
		"gone twice":        {slices.Concat(messages, messages), false, 0},
		"gone reverse":      {opposite, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{Checked: true})
			projection := sampleProjection(t)
			sampleCategories(t, s, append(functiontest.Samples(t, "categories"), projection))

			if tt.exists {
				s.Commercetools.Put("product-projections", projection)
			}

			s.Acknowledged(t, tt.messages...)

			if items, variants := len(s.Klaviyo.Items()), len(s.Klaviyo.Variants()); items != tt.items || variants != 3*tt.items {
				t.Errorf("%d items and %d variants, want %d and three of each", items, variants, tt.items)
			}
		})
	}
}

// sampleProjection is what the sample ProductPublished carries.
func sampleProjection(t *testing.T) json.RawMessage {
	t.Helper()

	var published struct {
		ProductProjection json.RawMessage `json:"productProjection"`
	}

	if err := json.Unmarshal(functiontest.SampleMessage(t, "ProductPublished"), &published); err != nil {
		t.Fatal(err)
	}

	return published.ProductProjection
}

// sampleCategories has commercetools know the sample categories, and Klaviyo all that these resources are or refer to.
func sampleCategories(t *testing.T, s *functiontest.Shop, resources []json.RawMessage) {
	t.Helper()
	s.Commercetools.Put("categories", functiontest.Samples(t, "categories")...)

	for _, raw := range resources {
		var r sample
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatal(err)
		}

		for _, c := range slices.Concat(r.Categories, r.Ancestors, []reference{{r.ID}}) {
			if err := s.Client.UpsertCategory(t.Context(), klaviyo.Category{ExternalID: c.ID, Name: "c"}); err != nil {
				t.Fatal(err)
			}
		}
	}
}
