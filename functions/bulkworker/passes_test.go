package bulkworker_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/faulttest"
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

// Klaviyo works a job off when realtime has brought something newer: whoever was asked for by id has that in the end, too.
func TestIDsOvertaken(t *testing.T) {
	t.Parallel()

	const at = "POST /api/profile-bulk-import-jobs"

	var (
		s     *shop
		first sync.Once
	)

	s = open(t, func(r *http.Request) faulttest.Fault {
		if isA(r, at) {
			first.Do(func() {
				s.ct.Put("customers", modified(customer(1, ""), `"addresses"`, `"firstName":"New","addresses"`, `"version":1`, `"version":2`))
				s.ct.Delete("customers", idOf(2))
			})
		}

		return faulttest.Fault{}
	})
	s.ct.Put("customers", customer(1, ""), customer(2, ""), customer(3, ""))

	ids := []string{idOf(1), idOf(2), idOf(9)}
	p := s.run(t, bulk.Options{IDs: ids})
	want(t, p, bulk.Counts{Read: 4, Sent: 3, Failed: 1})

	for _, profile := range s.kl.Profiles() {
		if profile.Attributes["external_id"] == idOf(1) && profile.Attributes["first_name"] != "New" {
			t.Errorf("the profile is %v, want the customer as it is now", profile.Attributes)
		}
	}
}

// A record that can't be decoded is read by each pass as well, and has failed once.
func TestUndecodableShortlyBefore(t *testing.T) {
	t.Parallel()

	for name, o := range map[string]bulk.Options{"all": {}, "by ids": {IDs: []string{idOf(1), idOf(2)}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, nil)
			s.ct.Put("customers", modified(customer(1, ""), `"addresses"`, `"firstName":5,"addresses"`), modified(customer(2, "")))
			want(t, s.run(t, o), bulk.Counts{Read: 2, Sent: 1, Failed: 1})
		})
	}
}

// A catch-up pass whose job can't be settled says which record that was, though it has read others on the way.
func TestAbandonedWhileCatchingUp(t *testing.T) {
	t.Parallel()

	const jobs = "/api/catalog-category-bulk-update-jobs"

	var (
		s     *shop
		first sync.Once
		// By its id it comes before those that are left out.
		number = 2
	)

	s = open(t, func(r *http.Request) faulttest.Fault {
		switch {
		case isA(r, categoriesCreated):
			first.Do(func() { s.ct.Put("categories", modified(aCategory(number), `"version":1`, `"version":2`)) })
		case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, jobs):
			return faulttest.Fault{
				Status: http.StatusBadRequest, ContentType: "application/vnd.api+json", Body: `{"errors":[{"id":"1","code":"invalid","title":"Invalid input.","detail":"No."}]}`,
			}
		}

		return faulttest.Fault{}
	})

	for i := range 3 {
		s.ct.Put("categories", modified(aCategory(i+1)))
	}

	p := s.importing(t, bulk.Categories, bulk.Options{})
	want(t, p, bulk.Counts{Read: 4, Sent: 3, Failed: 1})

	if len(p.Errors) != 1 || p.Errors[0].ID != idOf(number) {
		t.Errorf("failures %+v, want that of %s", p.Errors, idOf(number))
	}
}
