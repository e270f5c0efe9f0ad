package bulk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/ctklaviyo/connector/shared/logging"
)

// Control starts, stops and watches runs.
type Control struct {
	store Store
	queue Queue
	log   *slog.Logger
}

// NewControl returns a Control over the documents and the queue that the workers use, too.
func NewControl(store Store, queue Queue, log *slog.Logger) *Control {
	return &Control{store: store, queue: queue, log: log}
}

// Start takes the lock and enqueues the run's first task. It returns a *RunningError when a run holds the lock.
func (c *Control) Start(ctx context.Context, resource Resource, o Options) (Run, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Run{}, fmt.Errorf("a new run's id: %w", err)
	}

	// A caller that goes away must not leave a lock without a task.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()

	run, err := c.store.UpdateRun(ctx, resource, func(r *Run) error { return r.Start(id.String(), o, time.Now()) })
	if _, running := errors.AsType[*RunningError](err); running {
		return Run{}, err
	}

	if err == nil {
		err = c.queue.Enqueue(ctx, planTask(run), 0)
	}

	if err != nil {
		c.release(ctx, resource, id.String())

		return Run{}, fmt.Errorf("the import of %s was not started: %w", resource, err)
	}

	return run, nil
}

// release gives the lock of a run back that has no task, if it has been taken at all.
func (c *Control) release(ctx context.Context, resource Resource, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()

	_, err := c.store.UpdateRun(ctx, resource, func(r *Run) error {
		if r.ID != id {
			return errNotHeld
		}

		return r.end(planTask(*r), Failed, "its first task could not be enqueued", time.Now())
	})
	if err != nil && !errors.Is(err, errNotHeld) {
		c.log.ErrorContext(ctx, logging.LockNotReleased,
			logging.ResourceKey, resource, logging.RunKey, id, "lease", firstLease.String(), logging.ErrorKey, err)
	}
}

// Stop ends the run of a resource. It returns ErrNotRunning when there is none.
func (c *Control) Stop(ctx context.Context, resource Resource) (Run, error) {
	return c.store.UpdateRun(ctx, resource, func(r *Run) error { return r.Stop(time.Now()) })
}

// Resume enqueues the tasks of a running run anew, for a queue that has lost them: the embedded one, after a restart.
// It tells whether there is a run.
func (c *Control) Resume(ctx context.Context, resource Resource) (Run, bool, error) {
	run, err := c.store.Run(ctx, resource)
	if err != nil || run.Status != Running {
		return run, false, err
	}

	return run, true, c.queue.Enqueue(ctx, planTask(run), 0)
}

// Progress says how far the run of a resource is, with at most so many of its last failures.
func (c *Control) Progress(ctx context.Context, resource Resource, failures int) (Progress, error) {
	run, err := c.store.Run(ctx, resource)
	if err != nil || run.ID == "" {
		return Progress{Resource: resource, Status: Never}, err
	}

	shards, err := c.store.Shards(ctx, resource, run.ID)
	if err != nil {
		return Progress{}, err
	}

	p := newProgress(run, shards, time.Now())

	if p.Failed > 0 && failures > 0 {
		if p.Errors, err = c.store.Failures(ctx, resource, run.ID, failures); err != nil {
			return Progress{}, err
		}
	}

	return p, nil
}
