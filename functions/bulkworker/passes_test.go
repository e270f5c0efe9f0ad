package bulkworker_test

import (
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// What was modified shortly before an import is read by each of its passes, and dealt with once, unless it changes again.
func TestModifiedShortlyBefore(t *testing.T) {
	t.Parallel()

	s := open(t, nil)

	for i := range 3 {
		s.ct.Put("customers", modified(customer(i+1, "")))
		s.ct.Put("categories", modified(aCategory(i+1)))
		s.ct.Put("product-projections", modified(aProduct(i+1, "", skus(i+1, 2)...)))
	}

	for _, resource := range []bulk.Resource{bulk.Customers, bulk.Categories, bulk.Products} {
		want(t, s.importing(t, resource, bulk.Options{}), bulk.Counts{Read: 3, Sent: 3})
	}

	for _, p := range s.kl.Profiles() {
		if p.Imports != 1 {
			t.Errorf("profile %v was written %d times, want once", p.Attributes["external_id"], p.Imports)
		}
	}
}
