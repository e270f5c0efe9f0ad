package bulkworker_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

const (
	itemsCreated      = "POST /api/catalog-item-bulk-create-jobs"
	itemsUpdated      = "POST /api/catalog-item-bulk-update-jobs"
	variantsCreated   = "POST /api/catalog-variant-bulk-create-jobs"
	variantsUpdated   = "POST /api/catalog-variant-bulk-update-jobs"
	variantsDeleted   = "POST /api/catalog-variant-bulk-delete-jobs"
	categoriesCreated = "POST /api/catalog-category-bulk-create-jobs"
	categoriesUpdated = "POST /api/catalog-category-bulk-update-jobs"
	categoriesDeleted = "POST /api/catalog-category-bulk-delete-jobs"
)

// A generated shop, with all its oddities, is imported as it is, and again without doubles.
func TestProducts(t *testing.T) {
	t.Parallel()

	s := openCatalog(t)
	generated := commercetoolstest.NewShop(3, commercetoolstest.Size{Products: 90, Categories: 40})
	s.ct.Fill(generated)

	published := 0
	for raw := range generated.All("product-projections") {
		if read[struct{ Published bool }](t, raw).Published {
			published++
		}
	}

	all := bulk.Counts{Read: published, Sent: published}

	want(t, s.importing(t, bulk.Categories, bulk.Options{}), bulk.Counts{Read: 40, Sent: 40})
	want(t, s.importing(t, bulk.Products, bulk.Options{}), all)
	s.inStep(t)

	if published == generated.Len("product-projections") {
		t.Error("all products of the shop are published")
	}

	if n := s.counted(itemsUpdated) + s.counted(variantsUpdated) + s.counted(variantsDeleted); n > 0 {
		t.Errorf("%d jobs that update or delete in an empty catalog", n)
	}

	s.counted(itemsCreated)
	s.counted(variantsCreated)
	want(t, s.importing(t, bulk.Products, bulk.Options{}), all)
	s.inStep(t)

	if n := s.counted(itemsCreated) + s.counted(variantsCreated) + s.counted(variantsDeleted); n > 0 {
		t.Errorf("%d jobs of a second import that create or delete", n)
	}
}

// Every request is as Klaviyo describes it.
func TestProductsContract(t *testing.T) {
	t.Parallel()

	s := checked(t)
	s.ct.Fill(commercetoolstest.NewShop(4, commercetoolstest.Size{Products: 25, Categories: 8}))
	s.importing(t, bulk.Categories, bulk.Options{})

	// Some are there already, one with a variant that is gone.
	item := s.wanted(t).Items
	for id := range item {
		s.has(t, id, "GONE-"+id)

		if len(s.kl.Items()) == 5 {
			break
		}
	}

	if p := s.importing(t, bulk.Products, bulk.Options{}); p.Status != bulk.Done || p.Failed > 0 {
		t.Errorf("progress = %+v, want done without failures", p)
	}

	s.inStep(t)

	for _, resource := range []bulk.Resource{bulk.Products, bulk.Categories} {
		if p := s.importing(t, resource, deleteAll(resource)); p.Status != bulk.Done || p.Failed > 0 {
			t.Errorf("progress = %+v, want done without failures", p)
		}
	}
}

// has gives Klaviyo an item with variants.
func (s *catalogShop) has(t *testing.T, id string, variants ...string) {
	t.Helper()

	if err := s.klaviyo.UpsertItem(t.Context(), klaviyo.Item{ExternalID: id, Title: "Old", Description: "Old", URL: "Old"}); err != nil {
		t.Fatal(err)
	}

	all := make([]klaviyo.Variant, len(variants))
	for i, v := range variants {
		all[i] = klaviyo.Variant{ExternalID: v, ItemID: id, SKU: v, Title: "Old"}
	}

	if _, _, err := s.klaviyo.StartVariants(t.Context(), klaviyo.CreateVariants, all); err != nil {
		t.Fatal(err)
	}
}

// TestSizes has the others.
func TestNumbersOfProducts(t *testing.T) {
	t.Parallel()

	for _, n := range []int{499, 1000, 1001} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			for i := range n {
				s.ct.Put("product-projections", aProduct(i, "", skus(i, 1)...))
			}

			want(t, s.importing(t, bulk.Products, bulk.Options{}), bulk.Counts{Read: n, Sent: n})
			s.inStep(t)

			if jobs := s.counted(itemsCreated); jobs != (n+99)/100 {
				t.Errorf("%d jobs for %d items", jobs, n)
			}
		})
	}
}

// Klaviyo's items, by their numbers, with the variants that they have before the import. Item 9 is of nobody in commercetools,
// where products 1 to 3 have two variants each.
func TestVariants(t *testing.T) {
	t.Parallel()

	const others = 9

	for name, c := range map[string]struct {
		before map[int][]string
		// left are the variants that others still have.
		left []string
	}{
		"none":                                   {},
		"half of them":                           {before: map[int][]string{1: {"S1-0"}, 2: {"S2-1"}}},
		"some that are gone, and some of others": {map[int][]string{1: {"S1-0", "gone-1", "gone-2"}, others: {"theirs"}}, []string{"theirs"}},
		"more than a page that are gone":         {before: map[int][]string{1: slices.Concat(skus(700, 230), skus(1, 2))}},
		"some that have moved":                   {before: map[int][]string{1: {"S1-0", "S2-0", "S3-1"}, 2: {"S2-1", "S1-1"}}},
		"some under an item of others":           {map[int][]string{2: nil, others: {"theirs", "S1-0", "S2-0"}}, []string{"theirs"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			for i := range 3 {
				s.ct.Put("product-projections", aProduct(i+1, "", skus(i+1, 2)...))
			}

			for number, variants := range c.before {
				s.has(t, idOf(number), variants...)
			}

			want(t, s.importing(t, bulk.Products, bulk.Options{}), bulk.Counts{Read: 3, Sent: 3})

			left, err := s.klaviyo.CatalogItems(t.Context(), []string{idOf(others)}, true)
			if diff := cmp.Diff(c.left, left[idOf(others)]); err != nil || diff != "" {
				t.Errorf("error %v; variants of others (-want +got):\n%s", err, diff)
			}

			if err := s.klaviyo.DeleteItem(t.Context(), idOf(others)); err != nil {
				t.Fatal(err)
			}

			s.inStep(t)
		})
	}
}

// In a project with the modular catalog a projection has no variants. What Klaviyo has of them stays.
func TestModularCatalog(t *testing.T) {
	t.Parallel()

	s := openCatalog(t)
	s.has(t, idOf(1), "A", "B")
	s.ct.Put("product-projections", []byte(fmt.Sprintf(`{"id":%q,"version":1,"createdAt":"2024-01-01T00:00:00Z","lastModifiedAt":"2024-01-01T00:00:00Z",
		"published":true,"priceMode":"Standalone","name":{"en-US":"New"},"slug":{"en-US":"new"},"categories":[],"variants":[]}`, idOf(1))))

	before := s.catalog()

	want(t, s.importing(t, bulk.Products, bulk.Options{}), bulk.Counts{Read: 1, Failed: 1},
		"the product projection has no variants; modular catalogs are not supported")

	if diff := cmp.Diff(before, s.catalog()); diff != "" {
		t.Errorf("the catalog has changed (-want +got):\n%s", diff)
	}
}

// A task is cut where its variants are enough, and one product may have more than that.
func TestManyVariants(t *testing.T) {
	t.Parallel()

	s := openCatalog(t)
	s.ct.Put("product-projections", aProduct(1, "", skus(1, 150)...), aProduct(2, "", skus(2, 4001)...), aProduct(3, "", skus(3, 1)...))

	want(t, s.importing(t, bulk.Products, bulk.Options{}), bulk.Counts{Read: 3, Sent: 3})
	s.inStep(t)

	if n := s.counted("GET /demo/product-projections"); n < 1+3+2 {
		t.Errorf("%d requests for products: they were not dealt with one by one", n)
	}
}

// unpublished is what a projection says of a product that only editors see.
const unpublished = `,"published":false`

func TestProductsNarrowed(t *testing.T) {
	t.Parallel()

	const unknown = "00000000-0000-4000-8000-00000000dead"

	for name, c := range map[string]struct {
		options bulk.Options
		want    bulk.Counts
		there   int
		reasons []string
	}{
		"all": {bulk.Options{}, bulk.Counts{Read: 160, Sent: 160}, 160, nil},
		"ids": {
			bulk.Options{IDs: []string{idOf(1), idOf(2), idOf(160), unknown}},
			bulk.Counts{Read: 4, Sent: 2, Failed: 2},
			2,
			[]string{`"` + unknown + `","reason":"commercetools has no such published product"`, `"` + idOf(160) + `","reason":"commercetools has no such published product"`},
		},
		"since the first": {bulk.Options{Since: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}, bulk.Counts{Read: 160, Sent: 160}, 160, nil},
		"since later":     {bulk.Options{Since: time.Date(2024, 1, 1, 0, 0, 1, 0, time.UTC)}, bulk.Counts{}, 0, nil},
		"dry run":         {bulk.Options{DryRun: true}, bulk.Counts{Read: 160, Sent: 160}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			for i := range 160 {
				s.ct.Put("product-projections", aProduct(i, "", skus(i, 1)...))
			}

			s.ct.Put("product-projections", aProduct(160, unpublished, "never"))

			want(t, s.importing(t, bulk.Products, c.options), c.want, c.reasons...)

			if items, variants := len(s.kl.Items()), len(s.kl.Variants()); items != c.there || variants != c.there {
				t.Errorf("Klaviyo has %d items and %d variants, want %d of each", items, variants, c.there)
			}
		})
	}
}

// Products whose categories aren't there fail, and say what to do; done so, all succeed.
func TestCategoriesFirst(t *testing.T) {
	t.Parallel()

	for name, known := range map[string]int{"new items": 0, "known items": 120} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			s.ct.Put("categories", aCategory(1), aCategory(2))
			s.ct.Put("product-projections", aProduct(300, "", skus(300, 2)...))

			for i := range 120 {
				s.ct.Put("product-projections", aProduct(i, fmt.Sprintf(`,"categories":[{"typeId":"category","id":%q}]`, idOf(1+i%2)), skus(i, 2)...))
			}

			s.fill(t, known, 0)

			p := s.importing(t, bulk.Products, bulk.Options{})
			want(t, p, bulk.Counts{Read: 121, Sent: 1, Failed: 120})
			wantReasons(t, p, "its category "+idOf(1)+" is not in Klaviyo yet: run the import of categories first, then this one again",
				"its category "+idOf(2)+" is not in Klaviyo yet: run the import of categories first, then this one again")

			want(t, s.importing(t, bulk.Categories, bulk.Options{}), bulk.Counts{Read: 2, Sent: 2})
			want(t, s.importing(t, bulk.Products, bulk.Options{}), bulk.Counts{Read: 121, Sent: 121})
			s.inStep(t)
		})
	}
}

// wantReasons fails when a failure has none of these reasons.
func wantReasons(t *testing.T, p bulk.Progress, reasons ...string) {
	t.Helper()

	for _, f := range p.Errors {
		if !slices.Contains(reasons, f.Reason) {
			t.Fatalf("failure = %+v, want one of %q", f, reasons)
		}
	}
}

// One request to commercetools for the standalone prices of a page, not one for each product.
func TestStandalonePrices(t *testing.T) {
	t.Parallel()

	s := openCatalog(t)
	for i := range 200 {
		s.ct.Put("product-projections", aProduct(i, `,"priceMode":"Standalone"`, skus(i, 1)...))
		s.ct.Put("standalone-prices", []byte(fmt.Sprintf(`{"id":%q,"version":1,"createdAt":"2024-01-01T00:00:00Z","lastModifiedAt":"2024-01-01T00:00:00Z",
			"sku":"S%d-0","active":true,"value":{"type":"centPrecision","currencyCode":"EUR","centAmount":%d,"fractionDigits":2}}`, idOf(1000+i), i, 100+i)))
	}

	want(t, s.importing(t, bulk.Products, bulk.Options{}), bulk.Counts{Read: 200, Sent: 200})

	// The page is read again for its variants, its prices are not.
	if n := s.counted("GET /demo/standalone-prices"); n != 1 {
		t.Errorf("%d requests for the prices of one page, want 1", n)
	}

	s.inStep(t)

	for _, v := range s.kl.Variants() {
		if price, ok := v.Attributes["price"].(float64); !ok || price < 1 {
			t.Fatalf("variant %s costs %v", v.ExternalID, v.Attributes["price"])
		}
	}
}

// isA tells whether a request is this one, "POST /api/…".
func isA(r *http.Request, request string) bool { return r.Method+" "+r.URL.Path == request }
