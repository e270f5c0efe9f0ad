package bulkworker_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// once does something right before the first request of a kind gets through to Klaviyo.
func (s *catalogShop) once(request string, something func()) {
	var first sync.Once

	s.fault = func(r *http.Request, _ string) faulttest.Fault {
		if isA(r, request) {
			first.Do(something)
		}

		return faulttest.Fault{}
	}
}

// modified changes a resource's text and makes it newer than the run.
func modified(raw []byte, replacements ...string) []byte {
	text := strings.NewReplacer(replacements...).Replace(string(raw))

	return []byte(strings.Replace(text, `"lastModifiedAt":"2024-01-01T00:00:00Z"`,
		fmt.Sprintf(`"lastModifiedAt":%q`, time.Now().UTC().Format("2006-01-02T15:04:05.000Z")), 1))
}

// overtaking is something that realtime does right before the first job of a kind.
type overtaking struct {
	resource bulk.Resource
	// there is whether Klaviyo has all of it before.
	there    bool
	at       string
	realtime func(*catalogShop) error
	want     bulk.Counts
}

func overtakings() map[string]overtaking {
	const products, categories = bulk.Products, bulk.Categories

	return map[string]overtaking{
		"category created": {categories, false, categoriesCreated, func(s *catalogShop) error {
			return s.klaviyo.UpsertCategory(s.context, klaviyo.Category{ExternalID: idOf(1), Name: "Old"})
		}, bulk.Counts{Read: 3, Sent: 3}},
		"category deleted": {categories, true, categoriesUpdated, func(s *catalogShop) error {
			return s.klaviyo.DeleteCategory(s.context, idOf(1))
		}, bulk.Counts{Read: 3, Sent: 3}},
		"category gone": {categories, true, categoriesUpdated, func(s *catalogShop) error {
			s.ct.Delete("categories", idOf(1))

			return s.klaviyo.DeleteCategory(s.context, idOf(1))
		}, bulk.Counts{Read: 3, Sent: 2, Skipped: 1}},
		"category gone, and there is none yet": {categories, false, categoriesCreated, func(s *catalogShop) error {
			s.ct.Delete("categories", idOf(1))

			return s.klaviyo.DeleteCategory(s.context, idOf(1))
		}, bulk.Counts{Read: 3, Sent: 3}},
		"category gone, and there was one": {categories, false, categoriesCreated, func(s *catalogShop) error {
			s.once("GET /api/catalog-categories", func() { // the job has found it
				if err := s.klaviyo.DeleteCategory(s.context, idOf(1)); err != nil {
					panic(err)
				}
			})
			s.ct.Delete("categories", idOf(1))

			return s.klaviyo.UpsertCategory(s.context, klaviyo.Category{ExternalID: idOf(1), Name: "Old"})
		}, bulk.Counts{Read: 3, Sent: 2, Skipped: 1}},
		"categories gone before others are deleted": {categories, false, categoriesCreated, func(s *catalogShop) error {
			s.ct.Delete("categories", idOf(1))
			s.ct.Delete("categories", idOf(3))
			s.once(categoriesDeleted, func() {
				if err := s.klaviyo.DeleteCategory(s.context, idOf(3)); err != nil {
					panic(err)
				}
			})

			return nil
		}, bulk.Counts{Read: 3, Sent: 3}},
		"category renamed": {categories, true, categoriesUpdated, func(s *catalogShop) error {
			s.ct.Put("categories", modified(aCategory(1), "Category 1", "Renamed"))

			return s.klaviyo.UpsertCategory(s.context, klaviyo.Category{ExternalID: idOf(1), Name: "Renamed"})
		}, bulk.Counts{Read: 4, Sent: 4}},
		"item created": {products, false, itemsCreated, func(s *catalogShop) error {
			return s.klaviyo.UpsertItem(s.context, klaviyo.Item{ExternalID: idOf(1), Title: "Old"})
		}, bulk.Counts{Read: 3, Sent: 3}},
		"item deleted": {products, true, itemsUpdated, func(s *catalogShop) error {
			return s.klaviyo.DeleteItem(s.context, idOf(1))
		}, bulk.Counts{Read: 3, Sent: 3}},
		"item gone": {products, true, itemsUpdated, func(s *catalogShop) error {
			s.ct.Delete("product-projections", idOf(1))

			return s.klaviyo.DeleteItem(s.context, idOf(1))
		}, bulk.Counts{Read: 3, Sent: 2, Skipped: 1}},
		"item deleted before its variants": {products, true, variantsUpdated, func(s *catalogShop) error {
			s.ct.Put("product-projections", modified(aProduct(1, unpublished, "S1-0", "S1-1"), "", ""))

			return s.klaviyo.DeleteItem(s.context, idOf(1))
		}, bulk.Counts{Read: 3, Sent: 3}},
		"item renamed": {products, true, itemsUpdated, func(s *catalogShop) error {
			s.ct.Put("product-projections", modified(aProduct(1, "", "S1-0", "S1-1"), "Product 1", "Renamed"))

			return s.klaviyo.UpsertItem(s.context, klaviyo.Item{ExternalID: idOf(1), Title: "Renamed"})
		}, bulk.Counts{Read: 4, Sent: 4}},
		"item renamed before its variants": {products, true, variantsUpdated, func(s *catalogShop) error {
			s.ct.Put("product-projections", modified(aProduct(1, "", "S1-0", "S1-2"), "Product 1", "Renamed"))

			return s.klaviyo.UpsertItem(s.context, klaviyo.Item{ExternalID: idOf(1), Title: "Renamed"})
		}, bulk.Counts{Read: 4, Sent: 4}},
		"product unpublished, and there is no item yet": {products, false, itemsCreated, func(s *catalogShop) error {
			s.ct.Put("product-projections", modified(aProduct(1, unpublished, "S1-0", "S1-1"), "", ""))

			return s.klaviyo.DeleteItem(s.context, idOf(1))
		}, bulk.Counts{Read: 3, Sent: 3}},
		"variant created": {products, false, variantsCreated, func(s *catalogShop) error {
			return s.klaviyo.UpsertVariant(s.context, klaviyo.Variant{ExternalID: "S1-0", ItemID: idOf(1), SKU: "S1-0"})
		}, bulk.Counts{Read: 3, Sent: 3}},
		"variant deleted": {products, true, variantsUpdated, func(s *catalogShop) error {
			return s.klaviyo.DeleteVariant(s.context, "S1-0")
		}, bulk.Counts{Read: 3, Sent: 3}},
		"variant created elsewhere": {products, false, variantsCreated, func(s *catalogShop) error {
			return s.klaviyo.UpsertVariant(s.context, klaviyo.Variant{ExternalID: "S1-0", ItemID: idOf(2), SKU: "S1-0"})
		}, bulk.Counts{Read: 3, Sent: 3}},
		"surplus variant deleted": {products, true, variantsDeleted, func(s *catalogShop) error {
			return s.klaviyo.DeleteVariant(s.context, "gone-1")
		}, bulk.Counts{Read: 3, Sent: 3}},
	}
}

// before is the shop before the import, with what the other resource needs imported.
func (o overtaking) before(t *testing.T) *catalogShop {
	t.Helper()

	s := openCatalog(t)
	for i := range 3 {
		s.ct.Put("categories", aCategory(i+1))
		s.ct.Put("product-projections", aProduct(i+1, "", skus(i+1, 2)...))
	}

	for _, resource := range []bulk.Resource{bulk.Categories, bulk.Products} {
		if resource != o.resource || o.there {
			s.importing(t, resource, bulk.Options{})
		}
	}

	if o.at == variantsDeleted {
		s.has(t, idOf(1), "gone-1", "gone-2")
	}

	return s
}

// Realtime changes the catalog between the lookup and the job that goes by it: Klaviyo ends up with what commercetools has. What
// is modified meanwhile is dealt with once more.
func TestOvertaken(t *testing.T) {
	t.Parallel()

	for name, c := range overtakings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := c.before(t)
			done := false

			s.once(c.at, func() {
				done = true

				if err := c.realtime(s); err != nil {
					t.Error(err)
				}
			})
			want(t, s.importing(t, c.resource, bulk.Options{}), c.want)
			s.inStep(t)

			if !done {
				t.Error("nothing came in between")
			}
		})
	}
}
