package bulk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// records is an Importer over ids in memory: batches of 10, each sent with a job that ends at the second poll.
type records struct {
	ids []string
	// before may fail a task before it reads, or before it sends.
	before func(what string) error

	mu    sync.Mutex
	sent  map[string]int
	polls map[string]int
}

func newRecords(n int) *records {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	ids := make([]string, n)

	for i := range ids {
		ids[i] = fmt.Sprintf("%08x-0000-4000-8000-%012x", r.Uint32(), i)
	}

	slices.Sort(ids)

	return &records{
		ids: ids, before: func(string) error { return nil },
		sent: map[string]int{}, polls: map[string]int{},
	}
}

func (r *records) Plan(context.Context, bulk.Options) (bulk.Plan, error) {
	return bulk.Plan{Total: len(r.ids), Shards: bulk.ShardsFor(len(r.ids), 50)}, r.before("plan")
}

func (r *records) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	const batch = 10

	if err := r.before("read"); err != nil {
		return bulk.Page{}, err
	}

	page := bulk.Page{Cursor: w.Cursor, End: true}

	var ids []string

	for _, id := range r.ids {
		if id <= w.Cursor || (w.Before != "" && id >= w.Before) {
			continue
		}

		if len(ids) == batch {
			page.End = false

			break
		}

		ids = append(ids, id)
		page.Cursor = id
	}

	page.Counts = bulk.Counts{Read: len(ids), Sent: len(ids)}
	if len(ids) == 0 {
		return page, nil
	}

	if err := errors.Join(r.before("send"), w.Proceed(ctx)); err != nil {
		return bulk.Page{}, err
	}

	r.mu.Lock()
	defer r.mu.Unlock()

	for _, id := range ids {
		r.sent[id]++
	}

	page.Jobs = []bulk.Job{{ID: "job-" + page.Cursor}}

	return page, r.before("record")
}

func (r *records) Settle(_ context.Context, _ bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	r.mu.Lock()
	defer r.mu.Unlock()

	var s bulk.Settled

	for _, job := range jobs {
		if r.polls[job.ID]++; r.polls[job.ID] < 2 {
			s.Pending = append(s.Pending, job)
		}
	}

	return s, r.before("settle")
}

// times returns how often each id was sent: number of sends -> number of ids.
func (r *records) times() map[int]int {
	r.mu.Lock()
	defer r.mu.Unlock()

	times := map[int]int{}
	for _, id := range r.ids {
		times[r.sent[id]]++
	}

	return times
}

// engine is a Control, and a Worker with a queue that delivers to it.
type engine struct {
	store   *embedded.Store
	queue   *queue
	control *bulk.Control
	worker  *bulk.Worker
}

// newEngine returns an engine for a test in a bubble, where the pauses of a queue take no time.
func newEngine(t *testing.T, importer bulk.Importer) *engine {
	t.Helper()

	e := &engine{store: bulktest.NewStore(t)}
	e.begin(t, importer)

	return e
}

// begin starts the process's part: what a restart begins anew.
func (e *engine) begin(t *testing.T, importer bulk.Importer) {
	t.Helper()

	ctx, stop := context.WithCancel(t.Context())
	log, q := loggingtest.New(t), &queue{stop: stop, names: map[string]bool{}}
	worker := bulk.NewWorker(e.store, q, map[bulk.Resource]bulk.Importer{bulk.Customers: importer}, log)

	q.deliver = func(task bulk.Task, after time.Duration) {
		time.Sleep(after)

		for ctx.Err() == nil && worker.Do(ctx, task) != nil {
			time.Sleep(time.Minute)
		}
	}

	e.queue, e.worker, e.control = q, worker, bulk.NewControl(e.store, q, log)
}

func (e *engine) start(t *testing.T) bulk.Run {
	t.Helper()

	run, err := e.control.Start(t.Context(), bulk.Customers, bulk.Options{})
	if err != nil {
		t.Fatal(err)
	}

	return run
}

// wait waits for the end of the run.
func (e *engine) wait(t *testing.T) bulk.Progress {
	t.Helper()

	e.queue.deliveries.Wait()

	p, err := e.control.Progress(t.Context(), bulk.Customers, 10)
	if err != nil {
		t.Fatal(err)
	}

	return p
}

// imported runs an import to its end, in a bubble.
func imported(t *testing.T, importer bulk.Importer) (progress bulk.Progress) {
	t.Helper()

	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, importer)
		e.start(t)
		progress = e.wait(t)
	})

	return progress
}

// queue delivers each task until it is done, once a minute.
type queue struct {
	deliver    func(t bulk.Task, after time.Duration)
	stop       context.CancelFunc
	deliveries sync.WaitGroup

	mu    sync.Mutex
	names map[string]bool
}

// Enqueue implements bulk.Queue.
func (q *queue) Enqueue(_ context.Context, t bulk.Task, after time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()

	if !q.names[t.Name()] {
		q.deliveries.Go(func() { q.deliver(t, after) })
	}

	q.names[t.Name()] = true

	return nil
}

// close loses the tasks, as the end of a process does.
func (q *queue) close() {
	q.stop()
	q.deliveries.Wait()
}

func wantDone(t *testing.T, p bulk.Progress, counts bulk.Counts) {
	t.Helper()

	if p.Status != bulk.Done || p.Counts != counts {
		t.Errorf("progress = %s %+v, want done %+v", p.Status, p.Counts, counts)
	}
}

func TestEveryRecordOnce(t *testing.T) {
	t.Parallel()

	for _, n := range []int{0, 10, 501} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()

			r := newRecords(n)
			wantDone(t, imported(t, r), bulk.Counts{Read: n, Sent: n})

			if times := r.times(); times[1] != n {
				t.Errorf("sends -> ids = %v, want all %d once", times, n)
			}
		})
	}
}

func TestSkewedIDs(t *testing.T) {
	t.Parallel()

	r := newRecords(300)
	for i, id := range r.ids {
		r.ids[i] = "a" + id[1:]
	}

	slices.Sort(r.ids)

	wantDone(t, imported(t, r), bulk.Counts{Read: 300, Sent: 300})

	if times := r.times(); times[1] != 300 {
		t.Errorf("sends -> ids = %v, want all 300 once", times)
	}
}

// TestFailingTasks lets each outward step fail now and then: the tasks come back, and the counts stay right.
func TestFailingTasks(t *testing.T) {
	t.Parallel()

	r := newRecords(500)

	var mu sync.Mutex

	random := rand.New(rand.NewPCG(7, 7))
	r.before = func(what string) error {
		mu.Lock()
		defer mu.Unlock()

		if random.IntN(4) == 0 {
			return &bulk.OutageError{Err: fmt.Errorf("no luck at %s", what)}
		}

		return nil
	}

	wantDone(t, imported(t, r), bulk.Counts{Read: 500, Sent: 500})

	if times := r.times(); times[0] != 0 {
		t.Errorf("sends -> ids = %v, want none unsent", times)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testStop)
}

func testStop(t *testing.T) {
	t.Helper()

	r := newRecords(500)
	reached, release := make(chan struct{}), make(chan struct{})
	once := sync.Once{}
	r.before = func(what string) error {
		if what == "send" {
			once.Do(func() { close(reached) })
			<-release
		}

		return nil
	}

	e := newEngine(t, r)
	e.start(t)
	<-reached

	if _, err := e.control.Stop(t.Context(), bulk.Customers); err != nil {
		t.Fatal(err)
	}

	close(release)

	p := e.wait(t)
	if p.Status != bulk.Stopped || p.FinishedAt.IsZero() {
		t.Errorf("progress = %+v, want stopped", p)
	}

	if _, err := e.control.Stop(t.Context(), bulk.Customers); !errors.Is(err, bulk.ErrNotRunning) {
		t.Errorf("second stop: error = %v, want ErrNotRunning", err)
	}

	if times := r.times(); times[1] != 0 {
		t.Errorf("sends -> ids = %v, want that no task sends after the stop", times)
	}

	run := e.start(t)
	if run.Epoch != 2 {
		t.Errorf("epoch = %d, want 2", run.Epoch)
	}

	wantDone(t, e.wait(t), bulk.Counts{Read: 500, Sent: 500})
}

func TestFatal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testFatal)
}

func testFatal(t *testing.T) {
	t.Helper()

	r := newRecords(100)
	r.before = func(what string) error {
		if what == "send" {
			return &bulk.FatalError{Reason: "the key lacks the scope lists:write"}
		}

		return nil
	}

	e := newEngine(t, r)
	e.start(t)

	p := e.wait(t)
	if p.Status != bulk.Failed || p.Reason != "the key lacks the scope lists:write" {
		t.Errorf("progress = %+v, want failed with the reason", p)
	}

	r.before = func(string) error { return nil }
	e.start(t)
	wantDone(t, e.wait(t), bulk.Counts{Read: 100, Sent: 100})
}

// TestRestart loses the queue in the middle of a run, as a killed process does, and resumes it.
func TestRestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testRestart)
}

func testRestart(t *testing.T) {
	t.Helper()

	r := newRecords(500)
	sends := make(chan struct{}, 1000)
	r.before = func(what string) error {
		if what == "send" {
			sends <- struct{}{}
		}

		return nil
	}

	e := newEngine(t, r)
	run := e.start(t)

	for range 10 {
		<-sends
	}

	e.queue.close()
	e.begin(t, r)

	resumed, ok, err := e.control.Resume(t.Context(), bulk.Customers)
	if err != nil || !ok || resumed.ID != run.ID {
		t.Fatalf("resume = %s %v %v, want the run %s", resumed.ID, ok, err, run.ID)
	}

	wantDone(t, e.wait(t), bulk.Counts{Read: 500, Sent: 500})

	if times := r.times(); times[0] != 0 {
		t.Errorf("sends -> ids = %v, want none unsent", times)
	}
}

func TestStaleEpoch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testStaleEpoch)
}

func testStaleEpoch(t *testing.T) {
	t.Helper()

	r := newRecords(20)
	e := newEngine(t, r)
	run := e.start(t)
	e.wait(t)

	expired := func(r *bulk.Run) error {
		*r = bulk.Run{ID: "dead", Resource: bulk.Customers, Epoch: 7, Status: bulk.Running, LeaseUntil: time.Now().Add(-time.Second)}

		return nil
	}
	if _, err := e.store.UpdateRun(t.Context(), bulk.Customers, expired); err != nil {
		t.Fatal(err)
	}

	taken := e.start(t)
	if taken.Epoch != 8 {
		t.Errorf("epoch = %d, want 8: an expired lease is taken over", taken.Epoch)
	}

	e.wait(t)

	stale := bulk.Task{Run: taken.ID, Epoch: run.Epoch, Resource: bulk.Customers, Plan: true}

	before := r.times()
	if err := e.worker.Do(t.Context(), stale); err != nil {
		t.Error(err)
	}

	if diff := cmp.Diff(before, r.times()); diff != "" {
		t.Errorf("a task of an older epoch did something:\n%s", diff)
	}
}

type brokenQueue struct{}

func (brokenQueue) Enqueue(context.Context, bulk.Task, time.Duration) error {
	return errors.New("the queue is away")
}

func TestStartWithoutQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testStartWithoutQueue)
}

func testStartWithoutQueue(t *testing.T) {
	t.Helper()

	r := newRecords(5)
	e := newEngine(t, r)

	var logged bytes.Buffer

	broken := bulk.NewControl(e.store, brokenQueue{}, loggingtest.New(t, &logged))
	if _, err := broken.Start(t.Context(), bulk.Customers, bulk.Options{}); err == nil {
		t.Fatal("a run without a task was started")
	}

	if logged.Len() > 0 {
		t.Errorf("the lock was released, and yet it logged: %s", &logged)
	}

	e.start(t) // the lock is free again
	wantDone(t, e.wait(t), bulk.Counts{Read: 5, Sent: 5})
}
