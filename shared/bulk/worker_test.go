package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
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

// script is an Importer that does what the test says, and counts its calls.
type script struct {
	plan      func() (bulk.Plan, error)
	importing func(context.Context, bulk.Work) (bulk.Page, error)
	settling  func(context.Context, bulk.Work, []bulk.Job) (bulk.Settled, error)

	mu    sync.Mutex
	calls int
}

func (s *script) call() {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.calls++
}

func (s *script) Plan(context.Context, bulk.Options) (bulk.Plan, error) {
	s.call()

	return s.plan()
}

func (s *script) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	s.call()

	return s.importing(ctx, w)
}

func (s *script) Settle(ctx context.Context, w bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	s.call()

	return s.settling(ctx, w, jobs)
}

// bench is a worker whose tasks the test delivers.
type bench struct {
	store    *embedded.Store
	queue    *bulktest.Queue
	importer *script
	control  *bulk.Control
	worker   *bulk.Worker
}

// newBench returns a bench whose importer plans one shard, sends one record a page, and fails nothing.
func newBench(t *testing.T) *bench {
	t.Helper()

	importer := &script{
		plan: func() (bulk.Plan, error) { return bulk.Plan{Total: 10, Shards: 1}, nil },
		importing: func(context.Context, bulk.Work) (bulk.Page, error) {
			return bulk.Page{Cursor: "b", Counts: bulk.Counts{Read: 1, Sent: 1}}, nil
		},
		settling: func(context.Context, bulk.Work, []bulk.Job) (bulk.Settled, error) { return bulk.Settled{}, nil },
	}
	store, queue, log := bulktest.NewStore(t), &bulktest.Queue{}, loggingtest.New(t)

	return &bench{
		store: store, queue: queue, importer: importer,
		control: bulk.NewControl(store, queue, log),
		worker:  bulk.NewWorker(store, queue, map[bulk.Resource]bulk.Importer{bulk.Customers: importer}, log),
	}
}

// start starts a run and returns its first task.
func (b *bench) start(t *testing.T) bulk.Task {
	t.Helper()

	if _, err := b.control.Start(t.Context(), bulk.Customers, bulk.Options{}); err != nil {
		t.Fatal(err)
	}

	return b.one(t)
}

// one returns the only task that was enqueued since the last time.
func (b *bench) one(t *testing.T) bulk.Task {
	t.Helper()

	tasks := b.queue.Take()
	if len(tasks) != 1 {
		t.Fatalf("%d tasks were enqueued, want one: %v", len(tasks), tasks)
	}

	return tasks[0]
}

// do delivers a task that is meant to succeed.
func (b *bench) do(t *testing.T, task bulk.Task) {
	t.Helper()

	if err := b.worker.Do(t.Context(), task); err != nil {
		t.Fatalf("task %+v: %v", task, err)
	}
}

func (b *bench) run(t *testing.T) bulk.Run {
	t.Helper()

	run, err := b.store.Run(t.Context(), bulk.Customers)
	if err != nil {
		t.Fatal(err)
	}

	return run
}

func (b *bench) shard(t *testing.T, task bulk.Task) bulk.Shard {
	t.Helper()

	s, err := b.store.Shard(t.Context(), bulk.ShardKey{Resource: task.Resource, Run: task.Run, Index: task.Shard})
	if err != nil {
		t.Fatal(err)
	}

	return s
}

// lease makes the run's lease end at a time.
func (b *bench) lease(t *testing.T, until time.Time) {
	t.Helper()

	change := func(r *bulk.Run) error { r.LeaseUntil = until; return nil }
	if _, err := b.store.UpdateRun(t.Context(), bulk.Customers, change); err != nil {
		t.Fatal(err)
	}
}

// TestTaskOfAnotherRun: the tasks of a run that was taken over, and those that share only one half of the fence with the
// new run, do nothing while the new run works.
func TestTaskOfAnotherRun(t *testing.T) {
	t.Parallel()

	b := newBench(t)
	old := b.start(t)
	b.do(t, old)

	oldShard := b.one(t)

	b.lease(t, time.Now())

	fresh := b.start(t)
	b.do(t, fresh)

	freshShard := b.one(t)
	calls, run, shard := b.importer.calls, b.run(t), b.shard(t, freshShard)

	if fresh.Epoch != old.Epoch+1 || run.Status != bulk.Running {
		t.Fatalf("run = %+v, want a running one of the next epoch", run)
	}

	with := func(task bulk.Task, run string, epoch int64) bulk.Task {
		task.Run, task.Epoch = run, epoch

		return task
	}

	for name, task := range map[string]bulk.Task{
		"plan of the old run":     old,
		"shard of the old run":    oldShard,
		"plan, old epoch":         with(fresh, fresh.Run, old.Epoch),
		"shard, old epoch":        with(freshShard, fresh.Run, old.Epoch),
		"plan, later epoch":       with(fresh, fresh.Run, fresh.Epoch+1),
		"shard, old id":           with(freshShard, old.Run, fresh.Epoch),
		"plan, old id, new epoch": with(fresh, old.Run, fresh.Epoch),
	} {
		b.do(t, task)

		if b.importer.calls != calls {
			t.Errorf("%s: the importer was called", name)
		}

		if tasks := b.queue.Take(); len(tasks) > 0 {
			t.Errorf("%s: it enqueued %v", name, tasks)
		}
	}

	if diff := cmp.Diff(run, b.run(t)); diff != "" {
		t.Errorf("the run was changed (-before +after):\n%s", diff)
	}

	if diff := cmp.Diff(shard, b.shard(t, freshShard)); diff != "" {
		t.Errorf("the shard was changed (-before +after):\n%s", diff)
	}

	b.do(t, freshShard)

	if b.importer.calls != calls+1 {
		t.Error("the new run's own task was not done")
	}
}

// TestTwoDeliveriesAtOnce: both send, one records, and both enqueue the same next task.
func TestTwoDeliveriesAtOnce(t *testing.T) {
	t.Parallel()

	b := newBench(t)
	b.do(t, b.start(t))
	task := b.one(t)

	var both sync.WaitGroup

	both.Add(2)

	b.importer.importing = func(context.Context, bulk.Work) (bulk.Page, error) {
		both.Done()
		both.Wait()

		return bulk.Page{
			Cursor: "b", Counts: bulk.Counts{Read: 5, Sent: 3, Failed: 1, Skipped: 1},
			Jobs: []bulk.Job{{ID: "job"}}, Failures: []bulk.Failure{{ID: "a", Reason: "no reason"}},
		}, nil
	}

	var deliveries sync.WaitGroup

	for range 2 {
		deliveries.Go(func() {
			if err := b.worker.Do(t.Context(), task); err != nil {
				t.Error(err)
			}
		})
	}

	deliveries.Wait()

	shard := b.shard(t, task)
	shard.UpdatedAt, shard.Pass.StartedAt = time.Time{}, time.Time{}

	if diff := cmp.Diff(bulk.Shard{
		ShardKey: shard.ShardKey, Pass: bulk.Pass{Read: 5}, Cursor: "b", Page: 1, Phase: bulk.Reading,
		Jobs: []bulk.Job{{ID: "job"}}, Counts: bulk.Counts{Read: 5, Sent: 3, Failed: 1, Skipped: 1},
	}, shard); diff != "" {
		t.Errorf("shard (-want +got):\n%s", diff)
	}

	if failures, err := b.store.Failures(t.Context(), bulk.Customers, task.Run, 10); err != nil || len(failures) != 1 {
		t.Errorf("failures = %v %v, want the page's once", failures, err)
	}

	next := bulk.Task{Run: task.Run, Epoch: task.Epoch, Resource: bulk.Customers, Cursor: "b", Page: 1}
	tasks := b.queue.Take()

	if diff := cmp.Diff([]bulk.Task{next, next}, tasks); diff != "" {
		t.Fatalf("enqueued (-want +got):\n%s", diff)
	}

	if tasks[0].Name() == task.Name() {
		t.Error("the next page's task has the name of the page before: the queue would refuse it")
	}
}

// TestLateDelivery: a task whose page is done sends nothing again; it enqueues the next, which may have been lost.
func TestLateDelivery(t *testing.T) {
	t.Parallel()

	b := newBench(t)
	task := b.reach(t, bulk.Reading)
	b.do(t, task)

	next, calls, shard := b.one(t), b.importer.calls, b.shard(t, task)
	b.do(t, task)

	if again := b.one(t); again != next || b.importer.calls != calls {
		t.Errorf("it enqueued %+v after %d calls of the importer, want %+v without a call", again, b.importer.calls-calls, next)
	}

	if diff := cmp.Diff(shard, b.shard(t, task)); diff != "" {
		t.Errorf("the shard was changed (-before +after):\n%s", diff)
	}
}

// TestStoppedWhileWorking: what an importer returns after the stop is no failure, and changes nothing.
func TestStoppedWhileWorking(t *testing.T) {
	t.Parallel()

	for name, fail := range map[string]func(stopped error) error{
		"as it is": func(stopped error) error { return stopped },
		"wrapped":  func(stopped error) error { return fmt.Errorf("before sending: %w", stopped) },
		"fatal":    func(error) error { return &bulk.FatalError{Reason: "the key is wrong"} },
	} {
		for _, phase := range []bulk.Phase{bulk.Reading, bulk.Settling} {
			t.Run(fmt.Sprintf("%s, %s", name, phase), func(t *testing.T) {
				t.Parallel()

				b := newBench(t)
				task := b.reach(t, phase)
				b.importer.importing = func(ctx context.Context, w bulk.Work) (bulk.Page, error) {
					return bulk.Page{}, fail(b.stop(ctx, t, w))
				}
				b.importer.settling = func(ctx context.Context, w bulk.Work, _ []bulk.Job) (bulk.Settled, error) {
					return bulk.Settled{}, fail(b.stop(ctx, t, w))
				}

				before := b.shard(t, task)
				b.do(t, task)
				b.wantStopped(t, before, task)
			})
		}
	}
}

// reach starts a run and returns the first task of its shard that does what a phase does.
func (b *bench) reach(t *testing.T, phase bulk.Phase) bulk.Task {
	t.Helper()

	b.do(t, b.start(t))
	task := b.one(t)

	if phase == bulk.Settling {
		b.importer.importing = func(context.Context, bulk.Work) (bulk.Page, error) {
			return bulk.Page{Cursor: "b", End: true, Jobs: []bulk.Job{{ID: "job"}}}, nil
		}
		b.do(t, task)
		task = b.one(t)
	}

	if shard := b.shard(t, task); shard.Phase != phase || shard.Page != task.Page {
		t.Fatalf("shard = %+v, want one that is %s, at page %d", shard, phase, task.Page)
	}

	return task
}

// stop stops the run in the middle of a task, and returns what Proceed says then.
func (b *bench) stop(ctx context.Context, t *testing.T, w bulk.Work) error {
	t.Helper()

	if err := w.Proceed(ctx); err != nil {
		t.Errorf("error before the stop: %v", err)
	}

	if _, err := b.control.Stop(ctx, bulk.Customers); err != nil {
		t.Error(err)
	}

	err := w.Proceed(ctx)
	if err == nil {
		t.Error("the importer may proceed after the stop")
	}

	return err
}

// wantStopped checks that nothing came after the stop.
func (b *bench) wantStopped(t *testing.T, before bulk.Shard, task bulk.Task) {
	t.Helper()

	if run := b.run(t); run.Status != bulk.Stopped || run.Reason != "" {
		t.Errorf("run = %+v, want stopped, without a reason", run)
	}

	if diff := cmp.Diff(before, b.shard(t, task)); diff != "" {
		t.Errorf("the shard was changed (-before +after):\n%s", diff)
	}

	failures, err := b.store.Failures(t.Context(), bulk.Customers, task.Run, 10)
	if tasks := b.queue.Take(); err != nil || len(failures) > 0 || len(tasks) > 0 {
		t.Errorf("failures = %v %v, tasks = %v, want none", failures, err, tasks)
	}
}

// TestSentIsCounted: what an importer sent before it could see the stop is counted, and the next task does nothing.
func TestSentIsCounted(t *testing.T) {
	t.Parallel()

	b := newBench(t)
	b.do(t, b.start(t))
	task := b.one(t)
	sends := b.importer.importing
	b.importer.importing = func(ctx context.Context, w bulk.Work) (bulk.Page, error) {
		if _, err := b.control.Stop(ctx, bulk.Customers); err != nil {
			t.Error(err)
		}

		return sends(ctx, w)
	}

	b.do(t, task)

	if got := b.shard(t, task).Counts; got != (bulk.Counts{Read: 1, Sent: 1}) {
		t.Errorf("counts = %+v, want what was sent", got)
	}

	next, calls := b.one(t), b.importer.calls
	if b.do(t, next); b.importer.calls != calls {
		t.Errorf("task %+v of a stopped run did something", next)
	}
}

// TestLease: a task that finds the lease half over or more renews it before it works, so also when it then fails.
func TestLease(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		left    time.Duration
		renewed bool
	}{
		"fresh":          {left: bulk.Lease - time.Minute},
		"just over half": {left: bulk.Lease/2 + time.Nanosecond},
		"half":           {left: bulk.Lease / 2, renewed: true},
		"nearly over":    {left: time.Second, renewed: true},
		"over":           {left: -time.Hour, renewed: true},
	} {
		for _, plan := range []bool{true, false} {
			for _, failure := range []error{nil, errors.New("no luck")} {
				t.Run(fmt.Sprintf("%s, plan %t, failure %v", name, plan, failure), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						until := time.Now().Add(c.left)
						want := until

						if c.renewed {
							want = time.Now().Add(bulk.Lease)
						}

						wantLease(t, plan, failure, until, want)
					})
				})
			}
		}
	}
}

// wantLease lets a task work when the lease lasts until some time, and looks at the lease while it works and after it.
func wantLease(t *testing.T, plan bool, failure error, until, want time.Time) {
	t.Helper()

	b := newBench(t)
	task := b.start(t)

	if !plan {
		b.do(t, task)
		task = b.one(t)
	}

	look := func(when string) {
		if run := b.run(t); run.Status != bulk.Running || !run.LeaseUntil.Equal(want) {
			t.Errorf("%s the work the run is %s until %s, want running until %s", when, run.Status, run.LeaseUntil, want)
		}
	}
	b.importer.plan = func() (bulk.Plan, error) { look("during"); return bulk.Plan{Total: 10, Shards: 1}, failure }
	b.importer.importing = func(context.Context, bulk.Work) (bulk.Page, error) { look("during"); return bulk.Page{}, failure }

	b.lease(t, until)

	calls := b.importer.calls
	if err := b.worker.Do(t.Context(), task); !errors.Is(err, failure) {
		t.Errorf("error = %v, want %v", err, failure)
	}

	look("after")

	if b.importer.calls != calls+1 {
		t.Errorf("%d calls of the importer, want one", b.importer.calls-calls)
	}
}

// A page that runs the process out of memory leaves no trace but a task that comes again and again. It is made smaller.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()

	b := newBench(t)
	b.do(t, b.start(t))

	var limits []int

	b.importer.importing = func(_ context.Context, w bulk.Work) (bulk.Page, error) {
		if limits = append(limits, w.Limit); w.Limit != 10 {
			runtime.Goexit()
		}

		return bulk.Page{Cursor: "b"}, nil
	}

	task := b.one(t)
	for task.Retries = 0; len(limits) == 0 || limits[len(limits)-1] != 10; task.Retries++ {
		if task.Retries > 20 {
			t.Fatalf("limits %v, and no end", limits)
		}

		var killed sync.WaitGroup

		killed.Go(func() { _ = b.worker.Do(t.Context(), task) }) // Goexit has no error
		killed.Wait()
	}

	if diff := cmp.Diff([]int{0, 0, 0, 0, 1000, 100, 10}, limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
}

// A task that comes back often since a service is away has been killed by nobody.
func TestOftenBack(t *testing.T) {
	t.Parallel()

	b := newBench(t)
	b.do(t, b.start(t))

	b.importer.importing = func(_ context.Context, w bulk.Work) (bulk.Page, error) {
		if w.Limit != 0 {
			t.Errorf("limit = %d, want none", w.Limit)
		}

		return bulk.Page{}, &bulk.OutageError{Err: errors.New("answer 503")}
	}

	task := b.one(t)
	for task.Retries = range 20 {
		if err := b.worker.Do(t.Context(), task); err == nil {
			t.Error("the task is done")
		}
	}
}
