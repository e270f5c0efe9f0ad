package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// cloudTasks imports everything by two instances of BulkWorker, and is Cloud Tasks for them: it delivers each task until it is
// done, in any order, one in five twice, and now and then again though it was done.
type cloudTasks struct {
	*weather

	t     *testing.T
	log   *slog.Logger
	store bulk.Store
	start func() http.Handler

	tasks sync.WaitGroup

	mu      sync.Mutex
	workers [2]http.Handler
	// known are the tasks that there have been, by their names.
	known map[string]bool
}

func newCloudTasks(t *testing.T, w *weather, ct, kl http.Handler) *cloudTasks {
	t.Helper()

	i := &cloudTasks{weather: w, t: t, log: loggingtest.New(t), store: bulktest.NewStore(t), known: map[string]bool{}}
	i.start = func() http.Handler { return newWorker(t, ct, kl, faulty{w, i.store, i}, i.log) }

	for n := range i.workers {
		i.workers[n] = i.start()
	}

	return i
}

// importAll imports one resource after the other.
func (i *cloudTasks) importAll(w *world) {
	for _, resource := range bulk.Resources() {
		out := faulty{i.weather, i.store, i}

		// Who starts an import and gets an error tries again.
		for control := bulk.NewControl(out, out, i.log); ; time.Sleep(time.Minute) {
			if _, err := control.Start(i.t.Context(), resource, bulk.Options{}); err == nil {
				break
			}
		}

		i.tasks.Wait()
		i.ended(w, resource)
	}
}

// ended checks how an import has ended, and that the next can begin.
func (i *cloudTasks) ended(w *world, resource bulk.Resource) {
	control := bulk.NewControl(i.store, &bulktest.Queue{}, i.log)

	p, err := control.Progress(i.t.Context(), resource, 5)
	if err != nil || p.Status != bulk.Done || p.Read == 0 || p.Failed > 0 {
		i.t.Errorf("%v: the import of %s: %v, %s %+v %q %+v", w, resource, err, p.Status, p.Counts, p.Reason, p.Errors)
	}

	if _, err := control.Start(i.t.Context(), resource, bulk.Options{}); err != nil {
		i.t.Errorf("%v: after the import of %s: %v", w, resource, err)
	}
}

// Enqueue implements bulk.Queue.
func (i *cloudTasks) Enqueue(_ context.Context, task bulk.Task, after time.Duration) error {
	i.mu.Lock()
	defer i.mu.Unlock()

	if i.known[task.Name()] {
		return nil
	}

	i.known[task.Name()] = true

	about := aboutTask(task)
	i.tasks.Go(func() { i.deliver(task, about, after) }) //nolint:contextcheck // a delivery outlasts the call

	if i.chance(i.dice.Roll(about), 20) {
		i.tasks.Go(func() { i.deliver(task, about+" again", after) }) //nolint:contextcheck // as above
	}

	return nil
}

// aboutTask names a task as its name does, but for the run's id, which is another each time.
func aboutTask(task bulk.Task) string {
	return fmt.Sprintf("task %s %d %t %d %d", task.Resource, task.Epoch, task.Plan, task.Shard, task.Page)
}

func (i *cloudTasks) deliver(task bulk.Task, about string, pause time.Duration) {
	const most = 1000

	rates := embedded.DefaultRates()

	for task.Retries = range most {
		roll := i.dice.Roll(about)
		if i.faults {
			pause += between(roll, 0, 5*time.Second)
		}

		time.Sleep(pause)

		if i.deliverOnce(task, roll) == http.StatusNoContent && !i.chance(roll, 5) {
			return
		}

		pause = min(rates.MinBackoff<<min(task.Retries, 20), rates.MaxBackoff)
	}

	i.t.Errorf("%s came %d times, and was never done", about, most)
}

// deliverOnce delivers a task to either instance, which may have just replaced another.
func (i *cloudTasks) deliverOnce(task bulk.Task, roll *rand.Rand) int {
	body, err := json.Marshal(task)
	if err != nil {
		i.t.Error(err)
	}

	n, replaced := roll.IntN(len(i.workers)), i.chance(roll, 5)

	i.mu.Lock()
	if replaced {
		i.workers[n] = i.start()
	}

	worker := i.workers[n]
	i.mu.Unlock()

	r := httptest.NewRequestWithContext(i.t.Context(), http.MethodPost, "/", bytes.NewReader(body))
	r.Header.Set("X-CloudTasks-TaskRetryCount", fmt.Sprint(task.Retries))

	recorder := httptest.NewRecorder()
	worker.ServeHTTP(recorder, r)

	return recorder.Code
}
