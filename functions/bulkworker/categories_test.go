package bulkworker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// A generated tree is imported as it is, and again without doubles.
func TestCategories(t *testing.T) {
	t.Parallel()

	s := checked(t)
	s.ct.Fill(commercetoolstest.NewShop(3, commercetoolstest.Size{Categories: 150}))
	want(t, s.importing(t, bulk.Categories, bulk.Options{}), bulk.Counts{Read: 150, Sent: 150})
	s.inStep(t)

	// A mix: one is gone from Klaviyo, one is out of date.
	first, second := s.kl.Categories()[0].ExternalID, s.kl.Categories()[1].ExternalID
	if err := s.klaviyo.DeleteCategory(t.Context(), first); err != nil {
		t.Fatal(err)
	}

	if err := s.klaviyo.UpdateCategory(t.Context(), klaviyo.Category{ExternalID: second, Name: "Old"}); err != nil {
		t.Fatal(err)
	}

	s.counted("POST /api/catalog-category-bulk-create-jobs")
	want(t, s.importing(t, bulk.Categories, bulk.Options{}), bulk.Counts{Read: 150, Sent: 150})
	s.inStep(t)

	if n := s.counted("POST /api/catalog-category-bulk-create-jobs"); n != 1 {
		t.Errorf("%d jobs to create the one that was gone", n)
	}
}

// TestSizes has the others.
func TestNumbersOfCategories(t *testing.T) {
	t.Parallel()

	for _, n := range []int{499, 1000, 1001} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			for i := range n {
				s.ct.Put("categories", aCategory(i))
			}

			want(t, s.importing(t, bulk.Categories, bulk.Options{}), bulk.Counts{Read: n, Sent: n})
			s.inStep(t)

			if jobs := s.counted("POST /api/catalog-category-bulk-create-jobs"); jobs != (n+99)/100 {
				t.Errorf("%d jobs for %d categories", jobs, n)
			}
		})
	}
}

func TestCategoriesNarrowed(t *testing.T) {
	t.Parallel()

	const unknown = "00000000-0000-4000-8000-00000000dead"

	all := make([]string, 200)
	for i := range all {
		all[i] = idOf(i)
	}

	for name, c := range map[string]struct {
		options bulk.Options
		want    bulk.Counts
		there   int
		reasons []string
	}{
		"ids":                     {bulk.Options{IDs: all}, bulk.Counts{Read: 200, Sent: 200}, 200, nil},
		"an unknown id":           {bulk.Options{IDs: []string{all[3], unknown}}, bulk.Counts{Read: 2, Sent: 1, Failed: 1}, 1, []string{"no such category", unknown}},
		"since the first":         {bulk.Options{Since: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}, bulk.Counts{Read: 300, Sent: 300}, 300, nil},
		"since later":             {bulk.Options{Since: time.Date(2024, 1, 1, 0, 0, 1, 0, time.UTC)}, bulk.Counts{}, 0, nil},
		"dry run":                 {bulk.Options{DryRun: true}, bulk.Counts{Read: 300, Sent: 300}, 0, nil},
		"dry run of what is gone": {bulk.Options{DryRun: true, IDs: []string{unknown}}, bulk.Counts{Read: 1, Failed: 1}, 0, []string{"no such category"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			for i := range 300 {
				s.ct.Put("categories", aCategory(i))
			}

			want(t, s.importing(t, bulk.Categories, c.options), c.want, c.reasons...)

			if got := len(s.kl.Categories()); got != c.there {
				t.Errorf("Klaviyo has %d categories, want %d", got, c.there)
			}
		})
	}
}
