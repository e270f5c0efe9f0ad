package bulk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
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

	// After and Before bound the range, both exclusively; "" is open.
	After  string `json:"after"`
	Before string `json:"before"`
	// Cursor is the last id that was dealt with, and From where the page began that ended there.
	From   string `json:"from"`
	Cursor string `json:"cursor"`
	// End tells that the range has been read to its end.
	End bool `json:"end"`
	// Page numbers the tasks of the chain; the task of another page has nothing to do here.
	Page  int   `json:"page"`
	Phase Phase `json:"phase"`
	// Jobs are Klaviyo's import jobs that have not ended yet, and Polls how often in a row they were asked in vain.
	Jobs  []Job `json:"jobs,omitempty"`
	Polls int   `json:"polls"`
	// Attempts counts what failed at this page, and Limit bounds the page's records after that; see fail.
	Attempts int `json:"attempts"`
	Limit    int `json:"limit"`
	// Begun tells that the page was begun when its task had come back often, and that how it ended was not recorded.
	Begun bool `json:"begun"`
	// TroubleSince is when the first TroubleError came since a page was last done; zero without one.
	TroubleSince time.Time `json:"troubleSince,omitzero"`
	Pass         Pass      `json:"pass"`
	// CatchUp is the plan's.
	CatchUp bool `json:"catchUp"`
	// Last is what the page has counted whose jobs are being settled; zero when they are those of several pages.
	Last Counts `json:"last"`
	// Doubt is where a page ended that could not be settled: pages stay small until the shard is past it.
	Doubt string `json:"doubt"`

	Counts
	// UpdatedAt is when a page was last done or given up, for the person who looks at the document; before the first, when
	// the run was started.
	UpdatedAt time.Time `json:"updatedAt,omitzero"`
}

// Pass is one reading of a range: the first, or one of those that catch up.
type Pass struct {
	Number int `json:"number"`
	// Since leaves out what was last modified before it; zero in the first pass.
	Since time.Time `json:"since,omitzero"`
	// StartedAt is when the pass began to read, and Read how many records it has read.
	StartedAt time.Time `json:"startedAt,omitzero"`
	Read      int       `json:"read"`
	// Known are the records that passes before have read and this one may read again, and Seen those of this pass for the next.
	Known States `json:"known,omitempty"`
	Seen  States `json:"seen,omitempty"`
}

// again is since when a record must have been modified for the pass after one that began then to read it.
func again(began time.Time) time.Time { return began.Add(-ClockSkew) }

// catchUps is how many passes follow the first. The first of them takes its time as well, though little, and the second is for
// what was modified meanwhile.
const catchUps = 2

// ClockSkew is how much commercetools' clock may be behind ours.
const ClockSkew = time.Minute

// Job is a Klaviyo import job that has to be watched.
type Job struct {
	ID string `json:"id" firestore:"id"`
	// Kind tells jobs apart where there are several kinds; Rows is how many records were sent with it.
	Kind string `json:"kind,omitempty" firestore:"kind,omitempty"`
	Rows int    `json:"rows" firestore:"rows"`
	// Try counts up when records that one job has refused go into another.
	Try int `json:"try,omitempty" firestore:"try,omitempty"`
	// Refs name the job's rows, in their order, where Klaviyo does not.
	Refs []string `json:"refs,omitempty" firestore:"refs,omitempty"`
	// Ended tells that the job needs no more watching, and is kept for its Refs.
	Ended bool `json:"ended,omitempty" firestore:"ended,omitempty"`
}

// Counts say what became of the records. Read = Sent + Failed + Skipped.
type Counts struct {
	Read    int `json:"read"`
	Sent    int `json:"sent"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// unsent moves what had been counted as sent to where it belongs.
func (c *Counts) unsent(r Settled) {
	c.Sent -= r.Failed + r.Gone
	c.Failed += r.Failed
	c.Skipped += r.Gone
}

// Failure is one record that could not be imported.
type Failure struct {
	// ID is the commercetools id; "job …" where a whole Klaviyo job is meant.
	ID string `json:"id"`
	// Reason is for people; it holds no personal data.
	Reason string `json:"reason"`
	// Code and Pointer are Klaviyo's, when it was Klaviyo that refused.
	Code    string `json:"code,omitempty"`
	Pointer string `json:"pointer,omitempty"`
}

// errPageDone says that another delivery of the task has recorded its page already.
var errPageDone = errors.New("the page is done")

// Split cuts the ids of a planned run into ranges of equal width, the last one open. Skewed ids cost speed, never
// records: together the ranges hold every UUID but the borders themselves, and these are none that any system gives out
// (version 0).
func Split(r Run) []Shard {
	const space = 1 << 32

	n, after, first := r.Shards, r.Options.After(), 0
	if id, err := uuid.Parse(after); err == nil {
		first = int(binary.BigEndian.Uint32(id[:4]))
	}

	if first+n > space {
		n = 1
	}

	shards := make([]Shard, n)
	for i := range shards {
		begin := after
		if i > 0 {
			begin = fmt.Sprintf("%08x-0000-0000-0000-000000000000", first+(space-first)/n*i)
			shards[i-1].Before = begin
		}

		key := ShardKey{Resource: r.Resource, Run: r.ID, Index: i}
		shards[i] = Shard{
			ShardKey: key, After: begin, From: begin, Cursor: begin, Phase: Reading, CatchUp: r.CatchUp, UpdatedAt: r.StartedAt,
		}
	}

	return shards
}

// maxShards bounds the fan-out: more would only wait for each other at Klaviyo's limit.
const maxShards = 64

// ShardsFor returns into how many ranges some total is best cut when a shard should hold about per records.
func ShardsFor(total, per int) int {
	return min(max(1, (total+per-1)/per), maxShards)
}

// Page is what one task of a chain did: what an Importer returns.
type Page struct {
	// Cursor is the last id that was dealt with, and End tells that the range holds no more.
	Cursor string
	End    bool

	Counts
	Failures []Failure
	// Recent are the states of those records that were modified since Work.Recent.
	Recent []State
	// Jobs are the Klaviyo jobs that were started and have to be watched: from the end of the range on, or from now on
	// when Settle tells that the next page has to wait for them.
	Jobs   []Job
	Settle bool
}

// Settled is what became of the jobs that a shard has watched.
type Settled struct {
	// Pending are the jobs that have not ended, and those that were started for what the others refused.
	Pending []Job
	// Failed is how many records Klaviyo refused after all; they had been counted as sent. Failures says which and why.
	Failed   int
	Failures []Failure
	// Gone is how many of those that had been counted as sent commercetools no longer has: they are skipped.
	Gone int
}

func (s *Shard) turn(page int, now time.Time) error {
	if s.Page != page {
		return errPageDone
	}

	s.Page++
	s.Attempts = 0
	s.Begun = false
	s.TroubleSince = time.Time{}
	s.UpdatedAt = now

	return nil
}

// advance records a page that was sent; started is when it began to be read.
func (s *Shard) advance(page int, p Page, started, now time.Time) error {
	if err := s.turn(page, now); err != nil {
		return err
	}

	if s.Pass.StartedAt.IsZero() {
		s.Pass.StartedAt = started
	}

	s.From, s.Cursor, s.End = s.Cursor, p.Cursor, p.End
	s.Jobs = append(s.Jobs, p.Jobs...)
	s.Read += p.Read
	s.Sent += p.Sent
	s.Failed += p.Failed
	s.Skipped += p.Skipped
	s.Pass.Read += p.Read
	s.Pass.Seen = s.Pass.Seen.add(p.Recent, maxStates-s.Pass.Known.count()-s.Pass.Seen.count())

	if s.Last = (Counts{}); p.Settle {
		s.Last = p.Counts
	}

	if len(s.Jobs) > 0 && (s.End || p.Settle) {
		s.Phase = Settling
	} else {
		s.goOn()
	}

	return nil
}

// settle records how the jobs stand.
func (s *Shard) settle(page int, r Settled, now time.Time) error {
	if err := s.turn(page, now); err != nil {
		return err
	}

	s.Polls++
	if !slices.EqualFunc(r.Pending, s.Jobs, func(a, b Job) bool { return a.ID == b.ID && a.Try == b.Try && a.Ended == b.Ended }) {
		s.Polls = 0
	}

	s.Jobs = r.Pending
	s.unsent(r)

	if s.Last.Read > 0 {
		s.Last.unsent(r)
	}

	if len(s.Jobs) == 0 {
		s.Polls = 0
		s.goOn()
	}

	return nil
}

// goOn goes on behind a page that is done.
func (s *Shard) goOn() {
	if s.Cursor >= s.Doubt {
		s.widen()
	}

	s.read()
}

// read lets the chain read on: the rest of the range, then what was modified since the pass began, if that may have been
// overwritten by what was read before. There are no jobs at this moment.
func (s *Shard) read() {
	switch {
	case !s.End:
		s.Phase = Reading
	case s.CatchUp && s.Pass.Number < catchUps && s.Pass.Read > 0:
		s.Phase, s.End, s.From, s.Cursor, s.Doubt = Reading, false, s.After, s.After, ""
		s.Pass = Pass{Number: s.Pass.Number + 1, Since: again(s.Pass.StartedAt), Known: append(s.Pass.Known, s.Pass.Seen...)}
	default:
		s.Phase = Ended
		s.Pass.Known, s.Pass.Seen = nil, nil
	}
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
