package bulkworker_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/faulttest"
)

const item, variant = "/api/catalog-item-bulk-", "/api/catalog-variant-bulk-"

// products puts so many products with two variants each into commercetools.
func (s *catalogShop) products(n int) {
	for i := range n {
		s.ct.Put("product-projections", aProduct(i, "", skus(i, 2)...))
	}
}

// ended is a job's end as Klaviyo tells it.
func ended(kind, id, status string, completed, failed int, errors string) faulttest.Fault {
	return faulttest.Fault{Status: http.StatusOK, ContentType: "application/vnd.api+json", Body: fmt.Sprintf(`{"data":{"type":%q,"id":%q,
		"attributes":{"status":%q,"total_count":%d,"completed_count":%d,"failed_count":%d,"errors":[%s]}}}`,
		kind, id, status, completed+failed, completed, failed, errors)}
}

// Jobs that Klaviyo gives up or forgets: their rows get another.
func TestLostCatalogJobs(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		answer faulttest.Fault
		// times is how many jobs of items, and of variants, are lost.
		times  int
		counts bulk.Counts
		reason string
	}{
		"forgotten once":   {problem(http.StatusNotFound, "not_found", ""), 1, bulk.Counts{Read: 30, Sent: 30}, ""},
		"cancelled once":   {ended("j", "j", "cancelled", 0, 0, ""), 1, bulk.Counts{Read: 30, Sent: 30}, ""},
		"forgotten always": {problem(http.StatusNotFound, "not_found", ""), 1000, bulk.Counts{Read: 30, Failed: 30}, "Klaviyo doesn't say what became of the product"},
		"cancelled always": {ended("j", "j", "cancelled", 0, 0, ""), 1000, bulk.Counts{Read: 30, Failed: 30}, "Klaviyo doesn't say what became of the product"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			s.products(30)

			s.fault = losing(c.answer, c.times)

			want(t, s.importing(t, bulk.Products, bulk.Options{}), c.counts, c.reason)

			if c.reason == "" {
				s.inStep(t)
			}
		})
	}
}

// losing lets Klaviyo answer so when it is asked for jobs: so many times for those of items, and of variants.
func losing(answer faulttest.Fault, times int) func(*http.Request, string) faulttest.Fault {
	lost := map[string]int{}

	return func(r *http.Request, _ string) faulttest.Fault {
		kind, id, isJob := strings.Cut(r.URL.Path, "-jobs")
		if !isJob || r.Method != http.MethodGet {
			return faulttest.Fault{}
		}

		if id == "" { // a list has nothing to say
			return faulttest.Fault{Status: http.StatusOK, ContentType: "application/vnd.api+json", Body: `{"data":[]}`}
		}

		if kind = kind[:len(item)]; lost[kind] < times {
			lost[kind]++

			return answer
		}

		return faulttest.Fault{}
	}
}

// poison lets Klaviyo do everything but update a certain row: it ends the job of such a row without saying which it was.
type poison struct {
	path, id string
	jobs     []int // the sizes of the jobs with it
}

func (p *poison) fault(r *http.Request, body string) faulttest.Fault {
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/"), "s/POISON-")

	switch {
	case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, p.path) && strings.Contains(body, p.id+`"`):
		p.jobs = append(p.jobs, strings.Count(body, `:::$default:::`))

		return faulttest.Fault{
			Status: http.StatusAccepted, ContentType: "application/vnd.api+json",
			Body: fmt.Sprintf(`{"data":{"type":"job","id":"POISON-%d"}}`, len(p.jobs)-1),
		}
	case id != "":
		var number int
		if _, err := fmt.Sscan(id, &number); err != nil {
			return faulttest.Fault{Status: http.StatusTeapot}
		}

		return ended(kind, "POISON-"+id, "complete", p.jobs[number]-1, 1, `{"id":"1","code":"internal","title":"No.","detail":"No.","source":{"pointer":"/data"}}`)
	default:
		return faulttest.Fault{}
	}
}

// A job that doesn't tell which of its rows has failed: the others are found out, and get through.
func TestErrorsWithoutRows(t *testing.T) {
	t.Parallel()

	for name, p := range map[string]*poison{
		"item":    {path: item + "update", id: idOf(77)},
		"variant": {path: variant + "update", id: "S77-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			s.products(200)
			want(t, s.importing(t, bulk.Products, bulk.Options{}), bulk.Counts{Read: 200, Sent: 200})

			s.fault = p.fault

			progress := s.importing(t, bulk.Products, bulk.Options{})
			want(t, progress, bulk.Counts{Read: 200, Sent: 199, Failed: 1}, ": internal /data")

			if diff := cmp.Diff([]int{100, 10, 1}, p.jobs); diff != "" || progress.Errors[0].ID != idOf(77) {
				t.Errorf("failures %+v; rows of the jobs with the bad one (-want +got):\n%s", progress.Errors, diff)
			}

			s.inStepBut(t, idOf(77))
		})
	}
}

// inStepBut is inStep, a product aside.
func (s *catalogShop) inStepBut(t *testing.T, product string) {
	t.Helper()

	want, got := s.wanted(t), s.catalog()

	for _, all := range []kept{want, got} {
		for id, v := range all.Variants {
			if item, ok := v["item"].([]string); ok && slices.Contains(item, product) {
				delete(all.Variants, id)
			}
		}

		delete(all.Items, product)
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Klaviyo's catalog (-want +got):\n%s", diff)
	}
}

// Klaviyo refuses a job for one row, with or without pointing at it, or never manages to start it: that row's product
// fails, and no other.
func TestRefusedJobs(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		path, id string
		answer   func(at string) faulttest.Fault
		reason   string
	}{
		"item, at once": {item, idOf(77), func(at string) faulttest.Fault {
			return problem(http.StatusBadRequest, "invalid", "/data/attributes/items/data/"+at+"/attributes/title")
		}, "Klaviyo refused the product: invalid /attributes/title"},
		"variant, at once": {variant, "S77-1", func(at string) faulttest.Fault {
			return problem(http.StatusBadRequest, "invalid", "/data/attributes/variants/data/"+at+"/attributes/sku")
		}, "Klaviyo refused the variant: invalid /attributes/sku"},
		"item, without a pointer": {item, idOf(77), func(string) faulttest.Fault {
			return problem(http.StatusBadRequest, "invalid", "/data")
		}, "given up after many attempts"},
		"variant, without a pointer": {variant, "S77-1", func(string) faulttest.Fault {
			return problem(http.StatusBadRequest, "invalid", "/data")
		}, "given up after many attempts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			s.products(120)
			s.fault = func(r *http.Request, body string) faulttest.Fault {
				at := row(body, `"external_id":"`+c.id+`"`)
				if at == "" {
					at = row(body, c.id+`","attributes"`)
				}

				if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, c.path) || at == "" {
					return faulttest.Fault{}
				}

				return c.answer(at)
			}

			p := s.importing(t, bulk.Products, bulk.Options{})
			want(t, p, bulk.Counts{Read: 120, Sent: 119, Failed: 1}, c.reason)

			if len(p.Errors) != 1 || p.Errors[0].ID != idOf(77) {
				t.Errorf("failures = %+v, want that of one product", p.Errors)
			}

			s.inStepBut(t, idOf(77))
		})
	}
}

// Variants that fail at different times make one failed product, and so does one that can't be deleted.
func TestSeveralBadVariants(t *testing.T) {
	t.Parallel()

	s := openCatalog(t)
	s.products(10)
	s.has(t, idOf(3), "S3-1", "gone-1", "gone-2")
	s.has(t, idOf(4), "gone-3")

	late := &poison{path: variant + "update", id: "S3-1"}
	s.fault = func(r *http.Request, body string) faulttest.Fault {
		switch at := row(body, `"external_id":"S3-0"`); {
		case isA(r, variantsCreated) && at != "":
			return problem(http.StatusBadRequest, "invalid", "/data/attributes/variants/data/"+at+"/attributes/sku")
		case isA(r, variantsDeleted):
			return problem(http.StatusBadRequest, "invalid", "/data/attributes/variants/data/0/id")
		default:
			return late.fault(r, body)
		}
	}

	p := s.importing(t, bulk.Products, bulk.Options{})
	want(t, p, bulk.Counts{Read: 10, Sent: 8, Failed: 2}, "refused the variant: invalid", "could not import the variant", "refused to delete the variant gone-3")

	if len(p.Errors) != 5 || len(s.kl.Variants()) != 22 {
		t.Errorf("%d variants, failures = %+v; want those of 5 variants", len(s.kl.Variants()), p.Errors)
	}
}

// A run that is stopped writes nothing any more, wherever it stands.
func TestStopProducts(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		// reads is at which request for products the stop comes: after it was counted, read, and read again for its variants.
		reads           int
		items, variants int
	}{
		"while counting":                       {1, 0, 0},
		"while reading":                        {2, 0, 0},
		"while reading again for the variants": {3, 20, 0},
		"never":                                {0, 20, 40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			s.products(20)

			status := bulk.Done
			if c.reads > 0 {
				status = bulk.Stopped
			}

			s.stopAt(t, c.reads)

			if p := s.importing(t, bulk.Products, bulk.Options{}); p.Status != status || p.Failed > 0 {
				t.Errorf("progress = %+v, want %s", p, status)
			}

			if items, variants := len(s.kl.Items()), len(s.kl.Variants()); items != c.items || variants != c.variants {
				t.Errorf("%d items and %d variants, want %d and %d", items, variants, c.items, c.variants)
			}

			// The next run finishes what this one began.
			want(t, s.importing(t, bulk.Products, bulk.Options{}), bulk.Counts{Read: 20, Sent: 20})
			s.inStep(t)
		})
	}
}

// stopAt stops the import before a certain request for products is answered.
func (s *catalogShop) stopAt(t *testing.T, read int) {
	t.Helper()

	reads := 0
	s.asked = func(r *http.Request) {
		if r.URL.Path != "/demo/product-projections" {
			return
		}

		if reads++; reads == read {
			if _, err := s.control.Stop(s.context, bulk.Products); err != nil {
				t.Error(err)
			}
		}
	}
}

// Tasks that come twice, or again because the worker was killed before it could record what it had sent.
func TestCatalogRedelivery(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct{ twice, killed bool }{
		"delivered twice": {twice: true}, "killed": {killed: true}, "both": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			s.twice, s.killed = c.twice, c.killed
			s.products(150)

			for i := range 10 {
				s.has(t, idOf(i), "S"+fmt.Sprint(i)+"-1", fmt.Sprintf("gone-%d", i), fmt.Sprintf("S%d-0", (i+1)%10))
				s.ct.Put("categories", aCategory(i))
			}

			want(t, s.importing(t, bulk.Categories, bulk.Options{}), bulk.Counts{Read: 10, Sent: 10})
			want(t, s.importing(t, bulk.Products, bulk.Options{}), bulk.Counts{Read: 150, Sent: 150})
			s.inStep(t)

			s.importing(t, bulk.Products, deleteAll(bulk.Products))

			if n := len(s.kl.Items()) + len(s.kl.Variants()); n > 0 {
				t.Errorf("%d items and variants are left", n)
			}
		})
	}
}
