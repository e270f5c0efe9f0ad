package bulkworker_test

import (
	"net/http"
	"reflect"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/faulttest"
)

// More than one call in five goes wrong, in any way there is: those to commercetools and Klaviyo, to the store and to the
// queue. Tasks come twice and in any order, to two instances. Imports of all resources, one after the other, come to the same
// end as without that. SEED=17 tries that one, and SEEDS=1000 more than the usual ten; the first is random.
//
// What repeats with a seed is what becomes of each call: of a request by its method, URL and body, of a call to the store or
// the queue by its name and key, of a delivery by its task, and by how often there was the same before. The order of the calls
// does not: the clients' pauses before they try again are random, as is which goroutine goes first.
func TestFaultsEverywhere(t *testing.T) {
	t.Parallel()

	want := calm(t)

	for _, seed := range faulttest.Seeds(t, 10) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(sinceBubblesBegin)

				s := storm{percent: 30, dice: faulttest.NewDice(seed)}
				got := s.importAll(t)

				t.Logf("SEED=%d: %d of %d calls went wrong", seed, s.faults, s.calls)

				if s.faults < s.calls/5 {
					t.Errorf("SEED=%d: that is too few", seed)
				}

				if !reflect.DeepEqual(want, got) { // cmp takes its time
					t.Errorf("SEED=%d: the end is another (-want +got):\n%s", seed, cmp.Diff(want, got))
				}
			})
		})
	}
}

// For an hour, or with Klaviyo's 500 for 20 minutes, nothing gets through, in every way that there is. Nothing is given up:
// the tasks wait.
func TestOutage(t *testing.T) {
	t.Parallel()

	want := calm(t)
	page := faulttest.Fault{Status: http.StatusOK, ContentType: "text/html", Body: "<html>maintenance</html>"}

	for name, c := range map[string]struct {
		outage   faulttest.Fault
		lasts    time.Duration
		shopOnly bool
	}{
		"500 for a while":      {faulttest.Fault{Status: http.StatusInternalServerError}, 20 * time.Minute, false}, // longer, and pages would be taken for poisoned
		"500 of commercetools": {faulttest.Fault{Status: http.StatusInternalServerError}, time.Hour, true},
		"503":                  {faulttest.Fault{Status: http.StatusServiceUnavailable}, time.Hour, false},
		"502":                  {faulttest.Fault{Status: http.StatusBadGateway, ContentType: "text/html", Body: "<html>bad gateway</html>"}, time.Hour, false},
		"unreachable":          {faulttest.Fault{ResetBefore: true}, time.Hour, false},
		"silent":               {faulttest.Fault{SilentAfter: true}, time.Hour, false},
		"a proxy":              {faulttest.Fault{Status: http.StatusForbidden, ContentType: "text/html", Body: "<html>wait</html>"}, time.Hour, false},
		"a web page":           {page, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(sinceBubblesBegin)

				s := storm{outage: c.outage, from: time.Now().Add(3 * time.Second), lasts: c.lasts, shopOnly: c.shopOnly}
				if got := s.importAll(t); !reflect.DeepEqual(want, got) {
					t.Errorf("the end is another (-want +got):\n%s", cmp.Diff(want, got))
				}

				if lasted := time.Since(s.from); lasted < s.lasts {
					t.Errorf("all was over after %v", lasted)
				}
			})
		})
	}
}

// Klaviyo fails, without saying why, whenever it gets to see one product. That alone is given up, after half an hour in which
// it might have mended.
func TestTrouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(sinceBubblesBegin)

		_, generated := smallShop(smallSize())
		sick := read[commercetools.Product](t, generated.Resource("product-projections", 11)).ID
		began := time.Now()
		got := (&storm{sick: sick}).importAll(t)[bulk.Products]

		if got.Status != bulk.Done || got.Counts.Failed != 1 || len(got.Failures) != 1 || got.Failures[0].ID != sick {
			t.Errorf("%s with %+v and failures %+v, want done but for product %s", got.Status, got.Counts, got.Failures, sick)
		}

		if took := time.Since(began); took < 30*time.Minute {
			t.Errorf("it was given up after %v", took)
		}
	})
}

// calm is what everything comes to when nothing goes wrong.
func calm(t *testing.T) (results map[bulk.Resource]result) {
	t.Helper()

	synctest.Test(t, func(t *testing.T) {
		time.Sleep(sinceBubblesBegin)

		results = (&storm{}).importAll(t)
	})

	return results
}
