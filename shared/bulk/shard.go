package bulk

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Phase is what a shard's next task does.
type Phase string

// The phases of a shard, in their order.
const (
	Reading  Phase = "reading"
	Settling Phase = "settling"
	Ended    Phase = "ended"
)

// ShardKey names a shard's document.
type ShardKey struct {
	Resource Resource `json:"resource"`
	Run      string   `json:"run"`
	Index    int      `json:"index"`
}

// Shard is one range of ids of a run, and how far its chain of tasks has come.
type Shard struct {
	ShardKey

	// Before ends the range, exclusively; "" is open. Its begin is the first Cursor.
	Before string `json:"before"`
	// Cursor is the last id that was dealt with.
	Cursor string `json:"cursor"`
	// Page numbers the tasks of the chain; the task of another page has nothing to do here.
	Page  int   `json:"page"`
	Phase Phase `json:"phase"`
	// Jobs are Klaviyo's import jobs that have not ended yet, and Polls how often in a row they were asked in vain.
	Jobs  []Job `json:"jobs,omitempty"`
	Polls int   `json:"polls"`

	Counts
	UpdatedAt time.Time `json:"updatedAt,omitzero"`
}

// Job is an import job of Klaviyo's that has to be watched.
type Job struct {
	ID string `json:"id" firestore:"id"`
	// Rows is how many records were sent with it.
	Rows int `json:"rows" firestore:"rows"`
	// Try counts up when records that one job has refused go into another.
	Try int `json:"try" firestore:"try"`
}

// Counts say what became of the records. Read = Sent + Failed + Skipped.
type Counts struct {
	Read    int `json:"read"`
	Sent    int `json:"sent"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// Failure is one record that could not be imported.
type Failure struct {
	// ID is the commercetools id; "job …" where a whole job of Klaviyo's is meant.
	ID string `json:"id"`
	// Reason is for people; it holds no personal data.
	Reason string `json:"reason"`
	// Code and Pointer are Klaviyo's, when it was Klaviyo that refused.
	Code    string `json:"code,omitempty"`
	Pointer string `json:"pointer,omitempty"`
}

// errPageDone says that another delivery of the task has recorded its page already.
var errPageDone = errors.New("the page is done")

// Split cuts the space of UUIDs into n ranges of equal width, the first and the last open. Skewed ids cost speed, never
// records: together the ranges hold every id but the borders themselves, and these are no UUIDs that any system gives
// out (version 0).
func Split(resource Resource, run string, n int) []Shard {
	const space = 1 << 32

	shards := make([]Shard, n)
	for i := range shards {
		shards[i] = Shard{ShardKey: ShardKey{Resource: resource, Run: run, Index: i}, Phase: Reading}

		if i > 0 {
			shards[i].Cursor = fmt.Sprintf("%08x-0000-0000-0000-000000000000", space/n*i)
			shards[i-1].Before = shards[i].Cursor
		}
	}

	return shards
}

// MaxShards bounds the fan-out: more would only wait for each other at Klaviyo's limit.
const MaxShards = 64

// ShardsFor returns into how many ranges some total is best cut when a shard should hold about per records.
func ShardsFor(total, per int) int {
	return min(max(1, (total+per-1)/per), MaxShards)
}

// Page is what one task of a chain did: what an Importer returns.
type Page struct {
	// Cursor is the last id that was dealt with, and End tells that the range holds no more.
	Cursor string
	End    bool

	Counts
	Failures []Failure
	// Jobs are the Klaviyo jobs that were started and have to be watched.
	Jobs []Job
}

// Settled is what became of the jobs that a shard has watched.
type Settled struct {
	// Pending are the jobs that have not ended, and those that were started for what the others refused.
	Pending []Job
	// Failed is how many records Klaviyo refused after all; they had been counted as sent. Failures says which and why.
	Failed   int
	Failures []Failure
}

func (s *Shard) turn(page int, now time.Time) error {
	if s.Page != page {
		return errPageDone
	}

	s.Page++
	s.UpdatedAt = now

	return nil
}

// advance records a page that was read and sent.
func (s *Shard) advance(page int, p Page, now time.Time) error {
	if err := s.turn(page, now); err != nil {
		return err
	}

	s.Cursor = p.Cursor
	s.Jobs = append(s.Jobs, p.Jobs...)
	s.Read += p.Read
	s.Sent += p.Sent
	s.Failed += p.Failed
	s.Skipped += p.Skipped

	switch {
	case !p.End:
	case len(s.Jobs) > 0:
		s.Phase = Settling
	default:
		s.Phase = Ended
	}

	return nil
}

// settle records how the jobs stand.
func (s *Shard) settle(page int, r Settled, now time.Time) error {
	if err := s.turn(page, now); err != nil {
		return err
	}

	s.Polls++
	if !slices.Equal(r.Pending, s.Jobs) {
		s.Polls = 0
	}

	s.Jobs = r.Pending
	s.Sent -= r.Failed
	s.Failed += r.Failed

	if len(s.Jobs) == 0 {
		s.Phase = Ended
	}

	return nil
}

// pause is how long the next task of the chain waits: not at all while reading, and ever longer while Klaviyo's jobs
// take their time, 1 s to 30 s.
func (s *Shard) pause() time.Duration {
	const first, longest, doublings = time.Second, 30 * time.Second, 5

	if s.Phase != Settling {
		return 0
	}

	return min(first<<min(s.Polls, doublings), longest)
}
