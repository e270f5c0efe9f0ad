package bulk

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noon is now.
func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// running is a run in the middle of its work, with something in every field that a running run has, and its task.
func running() (Run, Task) {
	run := Run{
		ID: "run-1", Resource: Customers, Epoch: 3, Status: Running, Options: Options{IDs: []string{"a"}},
		Plan: Plan{Total: 40_000, Shards: 2}, StartedAt: noon().Add(-time.Hour), LeaseUntil: noon().Add(time.Minute),
	}

	return run, Task{Run: "run-1", Epoch: 3, Resource: Customers, Shard: 1, Page: 4}
}

// foreign are the ways in which a run is not, or no longer, the task's.
func foreign() map[string]func(*Run) {
	return map[string]func(*Run){
		"another run":   func(r *Run) { r.ID = "run-2" },
		"a later epoch": func(r *Run) { r.Epoch = 4 },
		"stopped":       func(r *Run) { r.Status = Stopped },
		"done":          func(r *Run) { r.Status = Done },
		"failed":        func(r *Run) { r.Status = Failed },
		"never started": func(r *Run) { r.Status = "" },
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()

	if run, task := running(); !run.holds(task) {
		t.Error("the running run does not hold the lock for its own task")
	}

	for name, change := range foreign() {
		run, task := running()
		change(&run)

		if run.holds(task) {
			t.Errorf("%s: the run holds the lock for the task", name)
		}
	}
}

func TestStartOver(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		before Run
		epoch  int64
		held   bool
	}{
		"never started": {before: Run{Resource: Customers}, epoch: 1},
		"leased":        {before: leased(Running, time.Nanosecond), held: true},
		"expired":       {before: leased(Running, 0), epoch: 4},
		"long expired":  {before: leased(Running, -time.Hour), epoch: 4},
		"stopped":       {before: leased(Stopped, time.Minute), epoch: 4},
		"done":          {before: leased(Done, time.Minute), epoch: 4},
		"failed":        {before: leased(Failed, time.Minute), epoch: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			run, o := c.before, Options{DryRun: true}
			err := run.Start("new", o, noon())

			if c.held {
				held, ok := errors.AsType[*RunningError](err)
				if !ok || held.ID != "run-1" || held.Resource != Customers {
					t.Errorf("error = %v, want a *RunningError with the run's id", err)
				}

				wantRun(t, run, c.before)

				return
			}

			if err != nil {
				t.Error(err)
			}

			wantRun(t, run, Run{
				ID: "new", Resource: Customers, Epoch: c.epoch, Status: Running, Options: o,
				StartedAt: noon(), LeaseUntil: noon().Add(firstLease),
			})
		})
	}
}

// leased is a run that has left something in every field, and whose lease lasts so much longer.
func leased(s Status, left time.Duration) Run {
	run, _ := running()
	run.Status, run.LeaseUntil = s, noon().Add(left)

	if s != Running {
		run.Reason, run.FinishedAt = "no reason", noon().Add(-time.Minute)
	}

	return run
}

func TestStopOnce(t *testing.T) {
	t.Parallel()

	run, _ := running()
	want := run
	want.Status, want.FinishedAt = Stopped, noon()

	if err := run.Stop(noon()); err != nil {
		t.Error(err)
	}

	wantRun(t, run, want)

	for _, s := range []Status{"", Stopped, Done, Failed} {
		before := leased(s, time.Minute)
		run := before

		if err := run.Stop(noon()); !errors.Is(err, ErrNotRunning) {
			t.Errorf("stop of a run %q: error = %v, want ErrNotRunning", s, err)
		}

		wantRun(t, run, before)
	}
}

// TestChangesByTasks: what a task changes in the run that holds the lock for it, and that it changes no other.
func TestChangesByTasks(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		change func(*Run, Task) error
		want   func(*Run)
	}{
		"plan again": {
			func(r *Run, t Task) error { return r.plan(t, Plan{Total: 7, Shards: 1}) },
			func(*Run) {},
		},
		"done": {
			func(r *Run, t Task) error { return r.end(t, Done, "", noon()) },
			func(r *Run) { r.Status, r.FinishedAt = Done, noon() },
		},
		"failed": {
			func(r *Run, t Task) error { return r.end(t, Failed, "the key is wrong", noon()) },
			func(r *Run) { r.Status, r.Reason, r.FinishedAt = Failed, "the key is wrong", noon() },
		},
		"renew": {
			func(r *Run, t Task) error { return r.renew(t, noon()) },
			func(r *Run) { r.LeaseUntil = noon().Add(Lease) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			run, task := running()
			want := run
			c.want(&want)

			if err := c.change(&run, task); err != nil {
				t.Error(err)
			}

			wantRun(t, run, want)

			for whose, alter := range foreign() {
				run, task := running()
				alter(&run)

				before := run
				if err := c.change(&run, task); !errors.Is(err, errNotHeld) {
					t.Errorf("%s: error = %v, want errNotHeld", whose, err)
				}

				wantRun(t, run, before)
			}
		})
	}
}

// TestPlanOnce: of two that plan the first decides, even with another count.
func TestPlanOnce(t *testing.T) {
	t.Parallel()

	run, task := running()
	run.Total, run.Shards = 0, 0
	want := run
	want.Total, want.Shards = 100, 5

	for _, planned := range [][2]int{{100, 5}, {200, 9}} {
		if err := run.plan(task, Plan{Total: planned[0], Shards: planned[1]}); err != nil {
			t.Error(err)
		}

		wantRun(t, run, want)
	}
}

func wantRun(t *testing.T, got, want Run) {
	t.Helper()

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("run (-want +got):\n%s", diff)
	}
}
