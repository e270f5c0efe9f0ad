package bulk

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNewProgress(t *testing.T) {
	t.Parallel()

	o := Options{DryRun: true}
	started := noon().Add(-10 * time.Second)
	shards := []Shard{
		{Counts: Counts{Read: 30, Sent: 20, Failed: 6, Skipped: 4}},
		{Counts: Counts{Read: 10, Sent: 5, Failed: 3, Skipped: 2}},
		{},
	}
	counts := Counts{Read: 40, Sent: 25, Failed: 9, Skipped: 6}

	for name, c := range map[string]struct {
		run    Run
		shards []Shard
		want   Progress
	}{
		"running": { // 40 in 10 s: the other 60 take 15 s.
			Run{Status: Running, Plan: Plan{Total: 100}, StartedAt: started},
			shards,
			Progress{Status: Running, Total: 100, Counts: counts, PerSecond: 4, EstimatedEnd: noon().Add(15 * time.Second)},
		},
		"whole seconds": { // The other 61 take 15.25 s.
			Run{Status: Running, Plan: Plan{Total: 101}, StartedAt: started},
			shards,
			Progress{Status: Running, Total: 101, Counts: counts, PerSecond: 4, EstimatedEnd: noon().Add(15 * time.Second)},
		},
		"more than were counted": {
			Run{Status: Running, Plan: Plan{Total: 30}, StartedAt: started},
			shards,
			Progress{Status: Running, Total: 30, Counts: counts, PerSecond: 4},
		},
		"nothing was counted": {
			Run{Status: Running, StartedAt: started},
			shards,
			Progress{Status: Running, Counts: counts, PerSecond: 4},
		},
		"nothing read": {
			Run{Status: Running, Plan: Plan{Total: 100}, StartedAt: started},
			nil,
			Progress{Status: Running, Total: 100},
		},
		"this very moment": {
			Run{Status: Running, Plan: Plan{Total: 100}, StartedAt: noon()},
			nil,
			Progress{Status: Running, Total: 100},
		},
		"done": { // 40 in 5 s.
			Run{Status: Done, Plan: Plan{Total: 40}, StartedAt: started, FinishedAt: started.Add(5 * time.Second)},
			shards,
			Progress{Status: Done, Total: 40, Counts: counts, PerSecond: 8},
		},
		"stopped": {
			Run{Status: Stopped, Plan: Plan{Total: 100}, StartedAt: started, FinishedAt: started.Add(2 * time.Second)},
			shards,
			Progress{Status: Stopped, Total: 100, Counts: counts, PerSecond: 20},
		},
		"failed": {
			Run{Status: Failed, Plan: Plan{Total: 100}, Reason: "the key is wrong", StartedAt: started, FinishedAt: noon()},
			shards,
			Progress{Status: Failed, Total: 100, Reason: "the key is wrong", Counts: counts, PerSecond: 4},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c.run.ID, c.run.Resource, c.run.Options = "run-1", Customers, o
			c.want.Run, c.want.Resource, c.want.DryRun = "run-1", Customers, true
			c.want.StartedAt, c.want.FinishedAt = c.run.StartedAt, c.run.FinishedAt

			if diff := cmp.Diff(c.want, newProgress(c.run, c.shards, noon())); diff != "" {
				t.Errorf("progress (-want +got):\n%s", diff)
			}
		})
	}
}
