package bulkworker_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

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
	out := bulktest.Outward{Store: store, Queue: queue, Through: s.through}
	transport := both(faulttest.Wrap(shop, s.fault), faulttest.Wrap(account, s.fault))

	results := map[bulk.Resource]result{}

	for _, resource := range bulk.Resources() {
		for i := range s.instances {
			s.instances[i] = newProcess(t, out, bulktest.InSteps(importers(t, transport), 2, 4))
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

	if s.chance("another "+bulktest.InEachRun(task), 20) {
		s.deliveries.Go(func() { s.deliver(t, task, after) })
	}
}

// deliver delivers a task until it is done, and now and then again though it was.
func (s *storm) deliver(t *testing.T, task bulk.Task, pause time.Duration) {
	t.Helper()

	about := "delivery of " + bulktest.InEachRun(task)

	if s.percent > 0 {
		pause += faulttest.Between(s.dice.Roll("time of "+about), 0, 5*time.Second)
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

// through is the place of a [bulktest.Outward]. Requests go another way: more can go wrong with them.
func (s *storm) through(what string, call func() error) error {
	if !s.wrong(what) {
		return call()
	}

	return faulttest.Spoil(s.dice.Roll("fault of "+what), call)
}

// fault is what goes wrong with a request.
func (s *storm) fault(r *http.Request) faulttest.Fault {
	if since := time.Since(s.from); since >= 0 && since < s.lasts && (!s.shopOnly || !strings.HasPrefix(r.URL.Host, "klaviyo")) {
		return s.outage
	}

	what := faulttest.About(r)

	switch {
	case s.sick != "" && r.Method == http.MethodPost && strings.Contains(what, s.sick):
		return faulttest.Fault{Status: http.StatusInternalServerError}
	case s.wrong(what):
		return faulttest.Any(s.dice.Roll("fault of " + what))
	default:
		return faulttest.Fault{}
	}
}

// deliverer is a bulk.Queue.
type deliverer func(t bulk.Task, after time.Duration)

// Enqueue implements bulk.Queue.
func (d deliverer) Enqueue(_ context.Context, t bulk.Task, after time.Duration) error {
	d(t, after)

	return nil
}
