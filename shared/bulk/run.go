package bulk

import (
	"errors"
	"fmt"
	"time"
)

// Status is the state of a run; see the package comment for the ways between them.
type Status string

// The states of a run.
const (
	Running Status = "running"
	Stopped Status = "stopped"
	Done    Status = "done"
	Failed  Status = "failed"
	// Never is that of a resource that was never imported.
	Never Status = "never"
)

// Plan is how a run goes about its records.
type Plan struct {
	// Total is about how many records there are, and Shards into how many ranges they are cut.
	Total  int `json:"total"`
	Shards int `json:"shards"`
	// CatchUp reads a range again at its end for what was modified meanwhile: see the passes in the package comment.
	CatchUp bool `json:"catchUp,omitempty"`
}

// Lease is how long a run stays locked without a sign of life: a task that begins. Half of it is longer than a task may
// take, and than the queue's longest pause.
const Lease = 30 * time.Minute

// firstLease is how long a run stays locked that has not begun: who takes the lock may end before its first task is
// enqueued.
const firstLease = 5 * time.Minute

// Run is the lock document of a resource: the run that holds it, or the last that did.
type Run struct {
	ID       string   `json:"id"`
	Resource Resource `json:"resource"`
	// Epoch is the fencing token: one more with each start.
	Epoch   int64   `json:"epoch"`
	Status  Status  `json:"status"`
	Options Options `json:"options"`
	// Plan is zero until the first task has made it.
	Plan
	// Reason says why a failed run could not go on.
	Reason     string    `json:"reason,omitempty"`
	StartedAt  time.Time `json:"startedAt,omitzero"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
	LeaseUntil time.Time `json:"leaseUntil,omitzero"`
}

// RunningError says that a run holds the lock.
type RunningError struct {
	Resource Resource
	ID       string
}

// Error implements error.
func (e *RunningError) Error() string {
	return fmt.Sprintf("an import of %s is already running: %s; wait for it or stop it first", e.Resource, e.ID)
}

// ErrNotRunning says that there is no run to stop.
var ErrNotRunning = errors.New("no import is running")

// errNotHeld says that the lock is no longer the task's: stopped, ended, or taken over.
var errNotHeld = errors.New("the run is over")

// Start takes the lock for a new run, also from a run whose lease has expired.
func (r *Run) Start(id string, o Options, now time.Time) error {
	if r.Status == Running && now.Before(r.LeaseUntil) {
		return &RunningError{Resource: r.Resource, ID: r.ID}
	}

	*r = Run{
		ID: id, Resource: r.Resource, Epoch: r.Epoch + 1, Status: Running, Options: o,
		StartedAt: now, LeaseUntil: now.Add(firstLease),
	}

	return nil
}

// Stop releases the lock; tasks of the run do nothing from now on.
func (r *Run) Stop(now time.Time) error {
	if r.Status != Running {
		return ErrNotRunning
	}

	r.Status, r.FinishedAt = Stopped, now

	return nil
}

// holds tells whether the run still holds the lock for a task.
func (r *Run) holds(t Task) bool {
	return r.Status == Running && r.ID == t.Run && r.Epoch == t.Epoch
}

// plan records the plan; the first to plan decides.
func (r *Run) plan(t Task, p Plan) error {
	if !r.holds(t) {
		return errNotHeld
	}

	if r.Shards == 0 {
		r.Plan = p
	}

	return nil
}

// end releases the lock after a task: Done, or Failed with the reason.
func (r *Run) end(t Task, s Status, reason string, now time.Time) error {
	if !r.holds(t) {
		return errNotHeld
	}

	r.Status, r.Reason, r.FinishedAt = s, reason, now

	return nil
}

// renew extends the lease.
func (r *Run) renew(t Task, now time.Time) error {
	if !r.holds(t) {
		return errNotHeld
	}

	r.LeaseUntil = now.Add(Lease)

	return nil
}
