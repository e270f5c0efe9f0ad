package bulkworker_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// A first import of products takes few requests to both APIs together, also when each of Klaviyo's jobs takes its time.
func TestRequestsForProducts(t *testing.T) {
	t.Parallel()
	functiontest.NotWithRace(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(sinceBubblesBegin)

		shop, account := commercetoolstest.NewServer("demo"), klaviyotest.New(klaviyotest.Options{JobTime: time.Minute})
		shop.Fill(commercetoolstest.NewShop(1, commercetoolstest.Size{Products: 4_000}))

		transport := both(shop, account)
		s := scene{store: bulktest.NewStore(t), wait: time.Hour, process: func(out bulktest.Outward) http.Handler {
			return newProcess(t, out, importers(t, transport))
		}}

		got := newResult(t, s.importing(t, bulk.Products, bulk.Options{}, &doomed{}), bulk.Products, account)
		if got.Status != bulk.Done || got.Counts.Sent < 3_600 || got.Counts.Sent != len(account.Items()) {
			t.Errorf("%s with %+v, want all sent", got.Status, got.Counts)
		}

		requests := float64(shop.Requests() + account.Requests())
		if perThousand := requests / float64(got.Counts.Read) * 1000; perThousand > 57 {
			t.Errorf("%.1f requests for 1,000 products, want at most 57", perThousand)
		}
	})
}

// Some items are there already: each is updated, with its variants, and the others are created. They are looked up if the sample
// finds one: every third item here.
func TestSomeItemsAreThere(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct{ from, to, lookups int }{
		"none":                {0, 0, 1},
		"one, found":          {3, 4, 1 + 2 + 1}, // the sample, the others, its variants
		"one, missed":         {4, 5, 1 + 1 + 1}, // the sample, what could not be created, its variants
		"the rows of a job":   {101, 201, 1 + 2 + 1},
		"all but the last 50": {0, 250, 1 + 2 + 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			s.products(300)

			numbers := make([]int, 300)
			for i := range numbers {
				numbers[i] = i
			}

			slices.SortFunc(numbers, func(a, b int) int { return strings.Compare(idOf(a), idOf(b)) })

			for _, n := range numbers[c.from:c.to] {
				s.has(t, idOf(n), skus(n, 1)[0], fmt.Sprintf("gone-%d", n))
			}

			want(t, s.importing(t, bulk.Products, bulk.Options{}), bulk.Counts{Read: 300, Sent: 300})
			s.inStep(t)

			if got := s.counted("GET /api/catalog-items"); got != c.lookups {
				t.Errorf("%d lookups, want %d", got, c.lookups)
			}
		})
	}
}
