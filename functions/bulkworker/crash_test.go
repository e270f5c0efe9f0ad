package bulkworker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/cloud"
	"github.com/ctklaviyo/connector/shared/bulk/cloudtest"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// doomed counts the calls that a worker makes, and kills it at one of them.
type doomed struct {
	// at is the number of that call, from 1 on; after lets it be made first, so that only its answer is lost.
	at    int
	after bool
	calls int
}

// through is the place of an outward. Goexit ends the goroutine as a kill does the process: nothing more is done in it.
func (d *doomed) through(call func() error) error {
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

// scene is where imports happen again and again, between one shop, one store, and a new account each time.
type scene struct {
	shop      *commercetoolstest.Server
	generated *commercetoolstest.Shop
	store     bulk.Store
	// jobTime is how long Klaviyo's jobs take. Without any the queue doesn't wait for them either.
	jobTime time.Duration
}

// importing imports a resource with a worker that is killed as said, and replaced.
func (s *scene) importing(t *testing.T, resource bulk.Resource, o bulk.Options, d *doomed) result {
	t.Helper()

	const most = 1000

	account := usedAccount(t, s.generated, klaviyotest.Options{JobTime: s.jobTime})
	queue := &line{names: map[string]bool{}}
	control := bulk.NewControl(s.store, queue, slog.New(slog.DiscardHandler))
	out := outward{store: s.store, queue: queue, http: both(s.shop, account), through: d.through}

	if _, err := control.Start(t.Context(), resource, o); err != nil {
		t.Fatal(err)
	}

	worker := newProcess(t, out)

	for n := 0; len(queue.tasks) > 0; n++ {
		if n == most {
			t.Fatalf("call %d: no end after %d deliveries", d.at, most)
		}

		if s.jobTime > 0 {
			time.Sleep(queue.pauses[0])
		}

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
		worker = newProcess(t, out)
	}

	return newResult(t, control, resource, account)
}

// newProcess starts BulkWorker.
func newProcess(t *testing.T, out outward) http.Handler {
	t.Helper()

	log := slog.New(slog.DiscardHandler)
	worker := bulk.NewWorker(out, out, importers(t, out), log)

	return bulkworker.New(func() (*bulk.Worker, error) { return worker, nil }, log)
}

// deliver delivers a task and returns the status of the answer, 0 for none.
func deliver(t *testing.T, worker http.Handler, task bulk.Task) (status int) {
	t.Helper()

	body, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}

	ended := make(chan struct{})

	go func() {
		defer close(ended)

		w := httptest.NewRecorder()
		worker.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body)))
		status = w.Code
	}()

	<-ended

	return status
}

// killedEverywhere imports with a worker that is killed at its first call, at its second, and so on: before, after, or both.
// Each time the end has to be the one without that.
func (s *scene) killedEverywhere(t *testing.T, resource bulk.Resource, o bulk.Options, afters ...bool) {
	t.Helper()

	var none doomed

	want := s.importing(t, resource, o, &none)
	if want.Status != bulk.Done || want.Counts.Sent == 0 {
		t.Fatalf("without a kill: %s %q %+v", want.Status, want.Reason, want.Counts)
	}

	t.Logf("%d calls, %+v", none.calls, want.Counts)

	for _, after := range afters {
		for at := 1; ; at++ {
			d := doomed{at: at, after: after}
			got := s.importing(t, resource, o, &d)

			if o.DeleteAll {
				got.Counts = want.Counts // what a killed task has deleted nobody can count any more
			}

			if !reflect.DeepEqual(want, got) { // cmp takes its time
				t.Errorf("killed at call %d (after it: %t), the end is another (-want +got):\n%s", at, after, cmp.Diff(want, got))
			}

			if d.calls < at {
				break
			}
		}
	}
}

// kills are the imports that are killed.
func kills() map[string]struct {
	resource bulk.Resource
	options  bulk.Options
} {
	type c = struct {
		resource bulk.Resource
		options  bulk.Options
	}

	return map[string]c{
		"categories":     {bulk.Categories, bulk.Options{}},
		"products":       {bulk.Products, bulk.Options{}},
		"customers":      {bulk.Customers, bulk.Options{}},
		"orders":         {bulk.Orders, bulk.Options{}},
		"all categories": {bulk.Categories, bulk.Options{DeleteAll: true, ConfirmDeletion: "categories"}},
	}
}

// A worker may be killed before and after each call that it makes: nothing is lost, nothing doubles, and the lock is free in
// the end.
func TestKilledAtEachCall(t *testing.T) {
	t.Parallel()

	for name, c := range kills() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			dir := t.TempDir()

			synctest.Test(t, func(t *testing.T) {
				store, err := embedded.Open(filepath.Join(dir, "state.db"))
				if err != nil {
					t.Fatal(err)
				}
				defer store.Close()

				// A bubble's clock begins in 2000, before anything in the shop has happened.
				time.Sleep(27 * 365 * 24 * time.Hour)

				s := scene{store: store, jobTime: 1500 * time.Millisecond}
				s.shop, s.generated = smallShop()
				s.killedEverywhere(t, c.resource, c.options, false, true)
			})
		})
	}
}

// The same with Firestore. There is no other clock where there is a network, so Klaviyo's jobs are done at once. And it takes
// its time, so that the worker is killed after each call only: that is also before the next, as nothing happens between them.
func TestKilledAtEachCallOnFirestore(t *testing.T) {
	t.Parallel()

	for name, c := range kills() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := scene{store: cloud.NewStore(cloudtest.Database(t, cloudtest.Project()))}
			s.shop, s.generated = smallShop()
			s.killedEverywhere(t, c.resource, c.options, true)
		})
	}
}
