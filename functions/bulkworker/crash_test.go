package bulkworker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/bulk/cloud"
	"github.com/ctklaviyo/connector/shared/bulk/cloudtest"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// doomed counts the calls that a worker makes, and kills it at one of them.
type doomed struct {
	// at is the number of that call, from 1 on; after lets it be made first, so that only its answer is lost.
	at    int
	after bool
	calls int
}

// through is the place of a [bulktest.Outward], and of calls. Goexit ends the goroutine as a kill does the process: nothing more is done in it.
func (d *doomed) through(_ string, call func() error) error {
	d.calls++

	if d.calls != d.at {
		return call()
	}

	if d.after {
		_ = call() // there is nobody left to know
	}

	runtime.Goexit()

	return nil
}

// calls lets requests pass through the same place as those to the store and the queue.
type calls struct {
	http    http.RoundTripper
	through func(what string, call func() error) error
}

// RoundTrip implements http.RoundTripper.
func (c calls) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	err = c.through(r.Method+" "+r.URL.String(), func() (err error) {
		resp, err = c.http.RoundTrip(r) //nolint:bodyclose // who gets it closes it

		return err
	})

	return resp, err
}

// line is a queue that delivers one task after the other.
type line struct {
	tasks  []bulk.Task
	pauses []time.Duration
	names  map[string]bool
}

// Enqueue implements bulk.Queue.
func (l *line) Enqueue(_ context.Context, t bulk.Task, after time.Duration) error {
	if !l.names[t.Name()] {
		l.names[t.Name()] = true
		l.tasks, l.pauses = append(l.tasks, t), append(l.pauses, after)
	}

	return nil
}

// scene is where a worker imports with the tasks one after the other, and is replaced when it is killed.
type scene struct {
	store bulk.Store
	// process starts a worker.
	process func(bulktest.Outward) http.Handler
	// wait is how long the queue pauses at most before tasks that ask for it.
	wait time.Duration
}

// importing imports a resource.
func (s *scene) importing(t *testing.T, resource bulk.Resource, o bulk.Options, d *doomed) *bulk.Control {
	t.Helper()

	const most = 1000

	queue := &line{names: map[string]bool{}}
	control := bulk.NewControl(s.store, queue, loggingtest.New(t))
	out := bulktest.Outward{Store: s.store, Queue: queue, Through: d.through}

	if _, err := control.Start(t.Context(), resource, o); err != nil {
		t.Fatal(err)
	}

	worker := s.process(out)

	for n := 0; len(queue.tasks) > 0; n++ {
		if n == most {
			t.Fatalf("call %d: no end after %d deliveries", d.at, most)
		}

		time.Sleep(min(queue.pauses[0], s.wait))

		task := queue.tasks[0]
		queue.tasks, queue.pauses = queue.tasks[1:], queue.pauses[1:]

		if deliver(t, worker, task) == http.StatusNoContent {
			continue
		}

		if d.calls != d.at {
			t.Errorf("call %d: a task failed that was not killed", d.at)
		}

		// The others come first: in Cloud Tasks a task that comes back has to wait.
		queue.tasks, queue.pauses = append(queue.tasks, task), append(queue.pauses, 0)
		worker = s.process(out)
	}

	return control
}

// newProcess starts BulkWorker.
func newProcess(t *testing.T, out bulktest.Outward, importers map[bulk.Resource]bulk.Importer) http.Handler {
	t.Helper()

	log := loggingtest.New(t)
	worker := bulk.NewWorker(out, out, importers, log)

	return bulkworker.New(func() (*bulk.Worker, error) { return worker, nil }, log)
}

// deliver delivers a task and returns the status of the answer; a worker that is killed has none, and it stays 200.
func deliver(t *testing.T, worker http.Handler, task bulk.Task) int {
	t.Helper()

	body, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}

	answer, ended := httptest.NewRecorder(), make(chan struct{})

	go func() {
		defer close(ended)

		worker.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body)))
	}()

	<-ended

	return answer.Code
}

// setting is what differs between the stores.
type setting struct {
	store  bulk.Store
	shards int
	// jobTime is how long Klaviyo's jobs take, and wait how long the queue pauses at most.
	jobTime, wait time.Duration
}

// killed returns what imports a resource from a small shop into an account that has been in use, with a worker that is killed
// as said.
func killed(t *testing.T, in setting, resource bulk.Resource, o bulk.Options) func(*doomed) result {
	t.Helper()

	shop, generated := smallShop(commercetoolstest.Size{Customers: 4, Orders: 5, Products: 6, Categories: 6})

	var whole bulk.Counts

	return func(d *doomed) result {
		account := usedAccount(t, generated, klaviyotest.Options{JobTime: in.jobTime})

		s := scene{store: in.store, wait: in.wait, process: func(out bulktest.Outward) http.Handler {
			transport := calls{both(shop, account), out.Through}

			return newProcess(t, out, bulktest.InSteps(importers(t, transport), in.shards, 4))
		}}

		r := newResult(t, s.importing(t, resource, o, d), resource, account)
		if d.at == 0 {
			whole = r.Counts
		} else if o.DeleteAll {
			r.Counts = whole // what a killed task has deleted nobody can count any more
		}

		return r
	}
}

// killedEverywhere imports with a worker that is killed at its first call, at its second, and so on: before each, and after
// it. Each time the end has to be the one without that.
func killedEverywhere(t *testing.T, imports func(*doomed) result) {
	t.Helper()

	var none doomed

	want := imports(&none)
	if want.Status != bulk.Done || want.Counts.Sent == 0 {
		t.Fatalf("without a kill: %s %q %+v", want.Status, want.Reason, want.Counts)
	}

	t.Logf("%d calls, %+v", none.calls, want.Counts)

	for _, after := range []bool{false, true} {
		for at := 1; ; at++ {
			d := doomed{at: at, after: after}

			if got := imports(&d); !reflect.DeepEqual(want, got) { // cmp takes its time
				t.Errorf("killed at call %d (after it: %t), the end is another (-want +got):\n%s", at, after, cmp.Diff(want, got))
			}

			if d.calls < at {
				break
			}
		}
	}
}

// kill is an import that is killed.
type kill struct {
	resource bulk.Resource
	options  bulk.Options
}

func kills() map[string]kill {
	return map[string]kill{
		"categories":     {bulk.Categories, bulk.Options{}},
		"products":       {bulk.Products, bulk.Options{}},
		"customers":      {bulk.Customers, bulk.Options{}},
		"orders":         {bulk.Orders, bulk.Options{}},
		"all categories": {bulk.Categories, deleteAll(bulk.Categories)},
		"all products":   {bulk.Products, deleteAll(bulk.Products)},
	}
}

// sinceBubblesBegin is how much later than a bubble's clock begins, in 2000, the shop has been in business for years.
const sinceBubblesBegin = 27 * 365 * 24 * time.Hour

// A worker may be killed before and after each call that it makes: nothing is lost, nothing doubles, and the lock is free in
// the end.
func TestKilledAtEachCall(t *testing.T) {
	t.Parallel()

	for name, c := range kills() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(sinceBubblesBegin)

				killedEverywhere(t, killed(t, setting{bulktest.NewStore(t), 2, 1500 * time.Millisecond, time.Minute}, c.resource, c.options))
			})
		})
	}
}

// The same with Firestore. There is no other clock where there is a network, so Klaviyo's jobs take hardly any time, and there
// is one shard, which makes half the calls.
func TestKilledAtEachCallOnFirestore(t *testing.T) {
	t.Parallel()
	functiontest.NotWithRace(t)

	for name, c := range kills() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			store := cloud.NewStore(cloudtest.Database(t, cloudtest.Project()))
			killedEverywhere(t, killed(t, setting{store, 1, 5 * time.Millisecond, 5 * time.Millisecond}, c.resource, c.options))
		})
	}
}
