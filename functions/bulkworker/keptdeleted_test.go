package bulkworker_test

import (
	"net/http"
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/faulttest"
)

// What realtime is told to leave in Klaviyo's catalog is not taken away by an import either: neither a category nor a product
// that goes while its job runs.
func TestKeptDeleted(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		config string
		kept   int
	}{
		"deleted": {`{}`, 0},
		"kept":    {`{"disabledEvents":["CategoryResourceDeleted","ProductUnpublished"]}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var s *shop

			s = openWith(t, options{config: c.config, fault: func(r *http.Request) faulttest.Fault {
				switch {
				case isA(r, categoriesCreated):
					s.ct.Delete("categories", idOf(1))
				case isA(r, itemsCreated):
					s.ct.Delete("product-projections", idOf(1))
				}

				return faulttest.Fault{}
			}})
			s.ct.Put("categories", aCategory(1))
			s.ct.Put("product-projections", aProduct(1, "", "S1-0"))

			for _, resource := range []bulk.Resource{bulk.Categories, bulk.Products} {
				want(t, s.importing(t, resource, bulk.Options{}), bulk.Counts{Read: 1, Sent: 1})
			}

			if categories, items := len(s.kl.Categories()), len(s.kl.Items()); categories != c.kept || items != c.kept {
				t.Errorf("Klaviyo has %d categories and %d items, want %d each", categories, items, c.kept)
			}
		})
	}
}
