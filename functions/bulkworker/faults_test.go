package bulkworker_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// More than one call in five goes wrong, in any way there is: those to commercetools and Klaviyo, to the store and to the
// queue. Tasks come twice and in any order, to two instances. Imports of all resources, one after the other, come to the same
// end as without that. SEED=17 tries that one, and SEEDS=1000 more than the usual ten.
//
// What repeats with a seed is what becomes of each call: of a request by its method, URL and body, of a call to the store or
// the queue by its name and key, of a delivery by its task, and by how often there was the same before. The order of the calls
// does not: the clients' pauses before they try again are random, as is which goroutine goes first.
func TestFaultsEverywhere(t *testing.T) {
	t.Parallel()

	want := calm(t)

	for _, seed := range seeds(t) {
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

// seeds are the one or the number of them that the environment asks for, else ten.
func seeds(t *testing.T) []uint64 {
	t.Helper()

	if seed := number(t, "SEED"); seed != nil {
		return []uint64{*seed}
	}

	n := uint64(10)
	if given := number(t, "SEEDS"); given != nil {
		n = *given
	}

	if n == 0 {
		t.Fatal("SEEDS=0 tries nothing")
	}

	all := make([]uint64, n)
	for i := range all {
		all[i] = uint64(i) + 1
	}

	return all
}

// number is that of a variable; nil when it isn't set.
func number(t *testing.T, variable string) *uint64 {
	t.Helper()

	text := os.Getenv(variable)
	if text == "" {
		return nil
	}

	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s=%s is no number", variable, text)
	}

	return &n
}

// storm lets so many calls in a hundred go wrong, and is a queue that delivers tasks all over the place.
type storm struct {
	percent int
	// outage is what all requests meet for a while.
	outage faulttest.Fault
	from   time.Time
	lasts  time.Duration
	// shopOnly spares Klaviyo.
	shopOnly bool
	// sick is the id of a resource whose requests Klaviyo answers with 500.
	sick string

	instances  [2]http.Handler
	deliveries sync.WaitGroup

	dice *faulttest.Dice

	mu            sync.Mutex
	names         map[string]bool
	calls, faults int
}

// importAll imports all resources, and returns what each has come to.
func (s *storm) importAll(t *testing.T) map[bulk.Resource]result {
	t.Helper()

	shop, generated := smallShop(smallSize())
	account := usedAccount(t, generated, klaviyotest.Options{JobTime: 1500 * time.Millisecond})

	store := bulktest.NewStore(t)
	s.names = map[string]bool{}
	queue := deliverer(func(task bulk.Task, after time.Duration) { s.publish(t, task, after) })
	log := loggingtest.New(t)
	out := outward{store: store, queue: queue, through: s.through}
	transport := both(faulttest.Wrap(shop, s.fault), faulttest.Wrap(account, s.fault))

	results := map[bulk.Resource]result{}

	for _, resource := range bulk.Resources() {
		for i := range s.instances {
			s.instances[i] = newProcess(t, out, allInSteps(importers(t, transport), 2, 4))
		}

		// Who starts an import and gets an error tries again.
		for control := bulk.NewControl(out, out, log); ; time.Sleep(time.Minute) {
			if _, err := control.Start(t.Context(), resource, bulk.Options{}); err == nil {
				break
			}
		}

		s.deliveries.Wait()

		results[resource] = newResult(t, bulk.NewControl(store, queue, log), resource, account)
	}

	return results
}

func smallSize() commercetoolstest.Size {
	return commercetoolstest.Size{Customers: 30, Orders: 15, Products: 20, Categories: 12}
}

// chance is true so many times in a hundred.
func (s *storm) chance(about string, percent int) bool {
	return s.percent > 0 && s.dice.Roll(about).IntN(100) < percent
}

// wrong decides about a call.
func (s *storm) wrong(call string) bool {
	wrong := s.chance(call, s.percent)

	s.mu.Lock()
	defer s.mu.Unlock()

	s.calls++

	if wrong {
		s.faults++
	}

	return wrong
}

// upTo is some time.
func (s *storm) upTo(about string, most time.Duration) time.Duration {
	return time.Duration(s.dice.Roll("time of " + about).IntN(int(most)))
}

// publish delivers a task, one in five twice.
func (s *storm) publish(t *testing.T, task bulk.Task, after time.Duration) {
	t.Helper()

	s.mu.Lock()
	known := s.names[task.Name()]
	s.names[task.Name()] = true
	s.mu.Unlock()

	if known {
		return
	}

	s.deliveries.Go(func() { s.deliver(t, task, after) })

	if s.chance("another "+inEachRun(task), 20) {
		s.deliveries.Go(func() { s.deliver(t, task, after) })
	}
}

// deliver delivers a task until it is done, and now and then again though it was.
func (s *storm) deliver(t *testing.T, task bulk.Task, pause time.Duration) {
	t.Helper()

	about := "delivery of " + inEachRun(task)

	if s.percent > 0 {
		pause += s.upTo(about, 5*time.Second)
	}

	rates := embedded.DefaultRates()
	for backoff := rates.MinBackoff; ; backoff = min(2*backoff, rates.MaxBackoff) {
		time.Sleep(pause)

		instance := s.instances[0]
		if s.chance("other "+about, 50) {
			instance = s.instances[1]
		}

		if deliver(t, instance, task) == http.StatusNoContent && !s.chance("another "+about, 5) {
			return
		}

		pause = backoff
	}
}

var errFault = errors.New("out of order")

// through is the place of an outward. Requests go another way: more can go wrong with them.
func (s *storm) through(what string, call func() error) error {
	if !s.wrong(what) {
		return call()
	}

	switch s.dice.Roll("fault of " + what).IntN(3) {
	case 0:
		return errFault
	case 1:
		return errors.Join(errFault, call())
	default:
		time.Sleep(s.upTo(what, 10*time.Second))

		return call()
	}
}

// fault is what goes wrong with a request.
func (s *storm) fault(r *http.Request) faulttest.Fault {
	if since := time.Since(s.from); since >= 0 && since < s.lasts && (!s.shopOnly || !strings.HasPrefix(r.URL.Host, "klaviyo")) {
		return s.outage
	}

	body := bodyOf(r)

	if s.sick != "" && r.Method == http.MethodPost && strings.Contains(body, s.sick) {
		return faulttest.Fault{Status: http.StatusInternalServerError}
	}

	what := r.Method + " " + r.URL.String() + " " + body

	if !s.wrong(what) {
		return faulttest.Fault{}
	}

	faults := []faulttest.Fault{
		{Status: http.StatusTooManyRequests},
		{Status: http.StatusTooManyRequests, RetryAfter: "3"},
		{Status: http.StatusInternalServerError},
		{Status: http.StatusServiceUnavailable},
		{Status: http.StatusForbidden, ContentType: "text/html", Body: "<html>wait</html>"},
		{Status: http.StatusOK, ContentType: "text/html", Body: "<html>maintenance</html>"},
		{Delay: s.upTo(what, 30*time.Second)},
		{ResetBefore: true},
		{ResetAfter: true},
		{SilentAfter: true},
		{Truncated: true},
	}

	return faults[s.dice.Roll("fault of "+what).IntN(len(faults))]
}

// bodyOf is a request's body, which stays to be read.
func bodyOf(r *http.Request) string {
	if r.Body == nil {
		return ""
	}

	body, _ := io.ReadAll(r.Body) // it is in memory
	r.Body = io.NopCloser(bytes.NewReader(body))

	return string(body)
}

// deliverer is a bulk.Queue.
type deliverer func(t bulk.Task, after time.Duration)

// Enqueue implements bulk.Queue.
func (d deliverer) Enqueue(_ context.Context, t bulk.Task, after time.Duration) error {
	d(t, after)

	return nil
}
