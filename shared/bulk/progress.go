package bulk

import (
	"math"
	"time"
)

// Progress is the answer of GET /sync/{resource}.
type Progress struct {
	Run      string   `json:"run,omitempty"`
	Resource Resource `json:"resource"`
	Status   Status   `json:"status"`
	// IDs is how many ids the run was narrowed to; 0 for all. The others are its other options.
	IDs       int       `json:"ids,omitempty"`
	Since     time.Time `json:"since,omitzero"`
	StartID   string    `json:"startId,omitempty"`
	DryRun    bool      `json:"dryRun,omitempty"`
	DeleteAll bool      `json:"deleteAll,omitempty"`
	// Reason says why a failed run could not go on.
	Reason string `json:"reason,omitempty"`
	// Total is about how many records there are.
	Total int `json:"total"`

	Counts
	// PerSecond is how many records were read a second, from the start to now or to the end.
	PerSecond  float64   `json:"perSecond"`
	StartedAt  time.Time `json:"startedAt,omitzero"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
	// EstimatedEnd is absent where there is nothing to go by.
	EstimatedEnd time.Time `json:"estimatedEnd,omitzero"`
	// Errors are the last failures.
	Errors []Failure `json:"errors,omitempty"`
}

func newProgress(r Run, shards []Shard, now time.Time) Progress {
	p := Progress{
		Run: r.ID, Resource: r.Resource, Status: r.Status, Reason: r.Reason, Total: r.Total,
		IDs: len(r.Options.IDs), Since: r.Options.Since, StartID: r.Options.StartID,
		DryRun: r.Options.DryRun, DeleteAll: r.Options.DeleteAll,
		StartedAt: r.StartedAt, FinishedAt: r.FinishedAt,
	}

	for _, s := range shards {
		p.Read += s.Read
		p.Sent += s.Sent
		p.Failed += s.Failed
		p.Skipped += s.Skipped
	}

	end := r.FinishedAt
	if end.IsZero() {
		end = now
	}

	elapsed := end.Sub(r.StartedAt)
	if elapsed > 0 {
		p.PerSecond = math.Round(float64(p.Read)/elapsed.Seconds()*10) / 10
	}

	// What is left is known only as long as less was read than was counted: nobody counts what is to be deleted.
	if left := r.Total - p.Read; r.Status == Running && p.Read > 0 && left > 0 {
		p.EstimatedEnd = now.Add(time.Duration(float64(elapsed) * float64(left) / float64(p.Read))).Truncate(time.Second)
	}

	return p
}
