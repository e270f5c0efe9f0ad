package bulk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/logging"
)

// Importer does the work of one resource; the worker tells it where.
type Importer interface {
	// Plan says how to go about the records that the options leave.
	Plan(ctx context.Context, o Options) (Plan, error)
	// Import reads pages from the cursor on until Klaviyo's batch is full or the range ends, and sends the batch. The Page
	// of a failed attempt says how far it had read, if it had.
	Import(ctx context.Context, w Work) (Page, error)
	// Settle asks once how the jobs stand, and may send again what they have refused.
	Settle(ctx context.Context, w Work, jobs []Job) (Settled, error)
}

// Work is the part of a range that one task has to do.
type Work struct {
	// Cursor and Before bound the range, both exclusively; "" is open. From is where the page before began: with Settle,
	// the records whose jobs are to be settled lie behind it, up to the Cursor.
	From, Cursor, Before string
	// Options are the run's; Since is later where the pass is one that catches up.
	Options Options
	// Known are records that a pass before has dealt with as they are: they are left out, and not counted again; nil in the first
	// pass. Recent is since when a record must have been modified to be read by the next pass, too.
	Known  map[State]bool
	Recent time.Time
	// Limit is how many records to deal with at most; 0 is as many as suits the Importer.
	Limit int
	// Failed are the ids of those that have failed so far; with DeleteAll only, where they are still listed.
	Failed []string
	// Proceed returns an error when the run has been stopped; an Importer asks right before it writes to Klaviyo, and
	// returns that error.
	Proceed func(context.Context) error
}

// OutageError is an Importer's way to say that the page isn't to blame: a service is away, busy, or out of reach. Such an
// attempt does not count.
type OutageError struct{ Err error }

// Error implements error.
func (e *OutageError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *OutageError) Unwrap() error { return e.Err }

// TroubleError is an Importer's way to say that a service fails without saying why, as with 500. It may be the page's fault:
// the attempt counts. It may also soon pass, and must not cost a record at each attempt until then: nothing is given up for
// it before the shard has stood still for half an hour of it.
type TroubleError struct{ Err error }

// Error implements error.
func (e *TroubleError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *TroubleError) Unwrap() error { return e.Err }

// FatalError is the way of an Importer, and of a Store, to say that no later attempt will do better: the run ends as failed
// with the reason.
type FatalError struct{ Reason string }

// Error implements error.
func (e *FatalError) Error() string { return e.Reason }

// Worker does the tasks of every run.
type Worker struct {
	store     Store
	queue     Queue
	importers map[Resource]Importer
	log       *slog.Logger
}

// NewWorker returns a Worker with an Importer for each resource.
func NewWorker(store Store, queue Queue, importers map[Resource]Importer, log *slog.Logger) *Worker {
	return &Worker{store: store, queue: queue, importers: importers, log: log}
}

// Do does one task. nil means that the task is done, or that there is nothing to do any more; after an error the task
// has to be delivered again.
func (w *Worker) Do(ctx context.Context, t Task) error {
	err := w.do(ctx, t)

	if fatal, ok := errors.AsType[*FatalError](err); ok {
		w.log.ErrorContext(ctx, logging.ImportFailed, logging.ResourceKey, t.Resource, logging.RunKey, t.Run, logging.ReasonKey, fatal.Reason)

		_, err = w.store.UpdateRun(ctx, t.Resource, func(r *Run) error {
			return r.end(t, Failed, fatal.Reason, time.Now())
		})
	}

	if errors.Is(err, errNotHeld) {
		w.log.InfoContext(ctx, "task of an ended run", logging.ResourceKey, t.Resource, logging.RunKey, t.Run, "epoch", t.Epoch)

		return nil
	}

	return err
}

func (w *Worker) do(ctx context.Context, t Task) error {
	importer, ok := w.importers[t.Resource]
	if !ok {
		return fmt.Errorf("this worker has no import for %q", t.Resource)
	}

	run, err := w.held(ctx, t)
	if err != nil {
		return err
	}

	if err := w.renew(ctx, t, run); err != nil {
		return err
	}

	if t.Plan {
		return w.plan(ctx, importer, run)
	}

	shard, err := w.store.Shard(ctx, ShardKey{Resource: t.Resource, Run: t.Run, Index: t.Shard})
	if err != nil {
		return err
	}

	if shard.Page == t.Page && shard.Phase != Ended {
		if shard, err = w.step(ctx, importer, run, shard, t); err != nil {
			return err
		}
	}

	return w.next(ctx, run, shard)
}

// held returns the run if it still holds the lock for the task.
func (w *Worker) held(ctx context.Context, t Task) (Run, error) {
	run, err := w.store.Run(ctx, t.Resource)
	if err == nil && !run.holds(t) {
		err = errNotHeld
	}

	return run, err
}

// plan cuts the run into shards and enqueues the current task of each. Done again it changes nothing, and enqueues what
// is still to do: the way to bring a run back whose tasks are lost.
func (w *Worker) plan(ctx context.Context, importer Importer, run Run) error {
	if run.Shards == 0 {
		plan, err := importer.Plan(ctx, run.Options)
		if err != nil {
			return err
		}

		run, err = w.store.UpdateRun(ctx, run.Resource, func(r *Run) error { return r.plan(planTask(run), plan) })
		if err != nil {
			return err
		}
	}

	if err := w.store.CreateShards(ctx, Split(run)); err != nil {
		return err
	}

	shards, err := w.store.Shards(ctx, run.Resource, run.ID)
	if err != nil {
		return err
	}

	for _, s := range shards {
		if err := w.next(ctx, run, s); err != nil {
			return err
		}
	}

	return nil
}

// step does the page that the shard stands at, and records it.
func (w *Worker) step(ctx context.Context, importer Importer, run Run, shard Shard, t Task) (Shard, error) {
	// A process that was killed has recorded nothing. When a task comes back often, that is found out.
	if shard.Phase == Reading && t.Retries >= patience {
		begun, err := w.record(ctx, shard, nil, func(s *Shard) error { return s.begin(shard.Page) })
		if err != nil || begun.Page != shard.Page {
			return begun, err
		}

		shard = begun
	}

	work := Work{
		From: shard.From, Cursor: shard.Cursor, Before: shard.Before, Options: run.Options, Limit: shard.Limit,
		Proceed: func(ctx context.Context) error { return w.proceed(ctx, t) },
	}
	if since := shard.Pass.Since; since.After(work.Options.Since) {
		work.Options.Since = since
	}

	var err error
	if work.Failed, err = w.failedIDs(ctx, run, shard); err != nil {
		return shard, err
	}

	if shard.Phase == Settling {
		return w.settle(ctx, importer, work, shard)
	}

	start := time.Now()
	work.Recent = again(cmp.Or(shard.Pass.StartedAt, start))

	if shard.Pass.Number > 0 {
		work.Known = shard.Pass.Known.set()
	}

	page, err := guarded(func() (Page, error) { return importer.Import(ctx, work) })
	if err != nil {
		if hopeless, reason := w.giveUp(ctx, shard, err, time.Now()); !hopeless {
			return shard, reason
		}

		page = givenUp(shard, page, err)
	}

	return w.record(ctx, shard, page.Failures, func(s *Shard) error { return s.advance(shard.Page, page, start, time.Now()) })
}

// failedIDs returns what Work.Failed says.
func (w *Worker) failedIDs(ctx context.Context, run Run, shard Shard) (ids []string, err error) {
	if !run.Options.DeleteAll || shard.Failed == 0 {
		return nil, nil
	}

	failures, err := w.store.Failures(ctx, run.Resource, run.ID, shard.Failed)
	for _, f := range failures {
		ids = append(ids, f.ID)
	}

	return ids, err
}

// proceed fails when the run has been stopped, and when that can't be found out: then the store is away, and no page to blame.
func (w *Worker) proceed(ctx context.Context, t Task) error {
	_, err := w.held(ctx, t)
	if err == nil || errors.Is(err, errNotHeld) {
		return err
	}

	return &OutageError{err}
}

func (w *Worker) settle(ctx context.Context, importer Importer, work Work, shard Shard) (Shard, error) {
	settled, err := guarded(func() (Settled, error) { return importer.Settle(ctx, work, slices.Clone(shard.Jobs)) })
	if err != nil {
		if hopeless, reason := w.giveUp(ctx, shard, err, time.Now()); !hopeless {
			return shard, reason
		}

		settled = abandoned(shard, err)
	}

	return w.record(ctx, shard, settled.Failures, func(s *Shard) error { return s.settle(shard.Page, settled, time.Now()) })
}

// record writes the shard. What was sent is recorded even when the caller has gone in the meantime.
func (w *Worker) record(ctx context.Context, shard Shard, failures []Failure, change func(*Shard) error) (Shard, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()

	recorded, err := w.store.UpdateShard(ctx, shard.ShardKey, failures, change)
	if errors.Is(err, errPageDone) {
		return w.store.Shard(ctx, shard.ShardKey)
	}

	return recorded, err
}

// next enqueues the next task of a shard's chain, or ends the run with the last shard.
func (w *Worker) next(ctx context.Context, run Run, shard Shard) error {
	if shard.Phase != Ended {
		return w.queue.Enqueue(ctx, shardTask(run, shard), shard.pause())
	}

	shards, err := w.store.Shards(ctx, run.Resource, run.ID)
	if err != nil {
		return err
	}

	for _, s := range shards {
		if s.Phase != Ended {
			return nil
		}
	}

	_, err = w.store.UpdateRun(ctx, run.Resource, func(r *Run) error {
		return r.end(planTask(run), Done, "", time.Now())
	})

	return err
}

// renew extends the lease once half of it is gone: the document bears about one write a second.
func (w *Worker) renew(ctx context.Context, t Task, run Run) error {
	if time.Until(run.LeaseUntil) > Lease/2 {
		return nil
	}

	_, err := w.store.UpdateRun(ctx, run.Resource, func(r *Run) error { return r.renew(t, time.Now()) })

	return err
}
