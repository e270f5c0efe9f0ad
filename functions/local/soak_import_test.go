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
	"github.com/ctklaviyo/connector/shared/faulttest"
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

	c := &cloudTasks{weather: w, t: t, log: loggingtest.New(t), store: bulktest.NewStore(t), known: map[string]bool{}}
	c.start = func() http.Handler { return newWorker(t, ct, kl, c.outward(), c.log) }

	for n := range c.workers {
		c.workers[n] = c.start()
	}

	return c
}

func (c *cloudTasks) outward() bulktest.Outward {
	return bulktest.Outward{Store: c.store, Queue: c, Through: c.through}
}

// importAll imports one resource after the other.
func (c *cloudTasks) importAll(w *world) {
	for _, resource := range bulk.Resources() {
		out := c.outward()

		// Who starts an import and gets an error tries again.
		for control := bulk.NewControl(out, out, c.log); ; time.Sleep(time.Minute) {
			if _, err := control.Start(c.t.Context(), resource, bulk.Options{}); err == nil {
				break
			}
		}

		c.tasks.Wait()
		c.ended(w, resource)
	}
}

// ended checks how an import has ended, and that the next can begin.
func (c *cloudTasks) ended(w *world, resource bulk.Resource) {
	control := bulk.NewControl(c.store, &bulktest.Queue{}, c.log)

	p, err := control.Progress(c.t.Context(), resource, 5)
	if err != nil || p.Status != bulk.Done || p.Read == 0 || p.Failed > 0 {
		c.t.Errorf("%v: the import of %s: %v, %s %+v %q %+v", w, resource, err, p.Status, p.Counts, p.Reason, p.Errors)
	}

	if _, err := control.Start(c.t.Context(), resource, bulk.Options{}); err != nil {
		c.t.Errorf("%v: after the import of %s: %v", w, resource, err)
	}
}

// Enqueue implements bulk.Queue.
func (c *cloudTasks) Enqueue(_ context.Context, task bulk.Task, after time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.known[task.Name()] {
		return nil
	}

	c.known[task.Name()] = true

	about := bulktest.InEachRun(task)
	c.tasks.Go(func() { c.deliver(task, about, after) }) //nolint:contextcheck // a delivery outlasts the call

	if c.chance(c.dice.Roll(about), 20) {
		c.tasks.Go(func() { c.deliver(task, about+" again", after) }) //nolint:contextcheck // as above
	}

	return nil
}

func (c *cloudTasks) deliver(task bulk.Task, about string, pause time.Duration) {
	const most = 1000

	rates := embedded.DefaultRates()

	for task.Retries = range most {
		roll := c.dice.Roll(about)
		if c.faults {
			pause += faulttest.Between(roll, 0, 5*time.Second)
		}

		time.Sleep(pause)

		if c.deliverOnce(task, roll) == http.StatusNoContent && !c.chance(roll, 5) {
			return
		}

		pause = min(rates.MinBackoff<<min(task.Retries, 20), rates.MaxBackoff)
	}

	c.t.Errorf("%s came %d times, and was never done", about, most)
}

// deliverOnce delivers a task to either instance, which may have just replaced another.
func (c *cloudTasks) deliverOnce(task bulk.Task, roll *rand.Rand) int {
	body, err := json.Marshal(task)
	if err != nil {
		c.t.Error(err)
	}

	n, replaced := roll.IntN(len(c.workers)), c.chance(roll, 5)

	c.mu.Lock()
	if replaced {
		c.workers[n] = c.start()
	}

	worker := c.workers[n]
	c.mu.Unlock()

	r := httptest.NewRequestWithContext(c.t.Context(), http.MethodPost, "/", bytes.NewReader(body))
	r.Header.Set("X-CloudTasks-TaskRetryCount", fmt.Sprint(task.Retries))

	recorder := httptest.NewRecorder()
	worker.ServeHTTP(recorder, r)

	return recorder.Code
}
