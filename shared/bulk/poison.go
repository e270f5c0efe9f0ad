package bulk

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/ctklaviyo/connector/shared/logging"
)

// A page that fails again and again is made smaller and smaller, until the record that is to blame is alone and can be
// given up. Then pages grow again.
const (
	// patience is how many attempts a page gets at full size, and a single record before it is given up.
	patience = 3
	// largestLimit and smallestLimit bound the records of a page that is not at full size.
	largestLimit, smallestLimit = 1000, 1
	// stride is how much smaller a page becomes with each attempt, and larger after it.
	stride = 10
	// settlePatience is how many attempts jobs get that can't be sent again in smaller pages.
	settlePatience = 10
	// grace is how long a shard stands still, from the first TroubleError on, before anything is given up for one.
	grace = 30 * time.Minute
)

// fail counts an attempt that failed; trouble tells that it was for a TroubleError.
func (s *Shard) fail(page int, trouble bool, now time.Time) error {
	if s.Page != page {
		return errPageDone
	}

	s.Attempts++
	s.Begun = false

	if trouble && s.TroubleSince.IsZero() {
		s.TroubleSince = now
	}

	switch {
	case s.Phase == Settling && s.Last.Read > 0 && s.Limit != smallestLimit && s.Attempts >= patience:
		s.rewind()
	case s.Phase == Settling, s.Limit == smallestLimit:
	case s.Limit > smallestLimit:
		s.Limit /= stride
		s.Attempts = 0
	case s.Attempts >= patience:
		s.Limit = largestLimit
		s.Attempts = 0
	}

	return nil
}

// begin marks the page as begun. One that was left so is perhaps too large for the instance's memory, and made smaller; it
// is not given up for that.
func (s *Shard) begin(page int) error {
	if s.Page != page {
		return errPageDone
	}

	switch {
	case !s.Begun:
	case s.Limit == 0:
		s.Limit, s.Attempts = largestLimit, 0
	case s.Limit > smallestLimit:
		s.Limit, s.Attempts = s.Limit/stride, 0
	}

	s.Begun = true

	return nil
}

// interrupted takes back that the page was begun, for an attempt that does not count.
func (s *Shard) interrupted(page int) error {
	if s.Page != page {
		return errPageDone
	}

	s.Begun = false

	return nil
}

// rewind goes back to where the page began whose jobs can't be settled, as if it had not been read, and makes it smaller.
func (s *Shard) rewind() {
	s.Page++
	s.Attempts, s.Polls = 0, 0
	s.Phase, s.Doubt, s.Cursor, s.End, s.Jobs = Reading, s.Cursor, s.From, false, nil
	s.Read -= s.Last.Read
	s.Sent -= s.Last.Sent
	s.Failed -= s.Last.Failed
	s.Skipped -= s.Last.Skipped
	s.Pass.Read -= s.Last.Read

	s.Limit = smallestLimit
	for s.Limit*stride < s.Last.Read {
		s.Limit *= stride
	}

	s.Last = Counts{}
}

// hopeless tells whether the page should be given up.
func (s *Shard) hopeless() bool {
	if s.Phase == Settling {
		return s.Attempts >= settlePatience
	}

	return s.Limit == smallestLimit && s.Attempts >= patience
}

// widen lets the next page be larger.
func (s *Shard) widen() {
	if s.Limit *= stride; s.Limit > largestLimit {
		s.Limit = 0
	}
}

// guarded turns a panic into an error. Its value stays out of it: it may hold personal data.
func guarded[T any](do func() (T, error)) (result T, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("panic at: %s", debug.Stack())
		}
	}()

	return do()
}

// giveUp counts an attempt that failed, if the page may be to blame, and tells whether the page should be given up. If not,
// the reason is why the task has to come back.
func (w *Worker) giveUp(ctx context.Context, shard Shard, err error, now time.Time) (hopeless bool, reason error) {
	_, outage := errors.AsType[*OutageError](err)
	_, fatal := errors.AsType[*FatalError](err)

	if outage || fatal || errors.Is(err, errNotHeld) || errors.Is(err, context.Canceled) {
		if shard.Begun {
			_, markErr := w.record(ctx, shard, nil, func(s *Shard) error { return s.interrupted(shard.Page) })
			err = errors.Join(err, markErr)
		}

		return false, err
	}

	_, trouble := errors.AsType[*TroubleError](err)

	counted, countErr := w.record(ctx, shard, nil, func(s *Shard) error { return s.fail(shard.Page, trouble, now) })
	if countErr != nil || counted.Page != shard.Page || !counted.hopeless() {
		return false, errors.Join(err, countErr)
	}

	if trouble && now.Sub(counted.TroubleSince) < grace {
		return false, err
	}

	w.log.ErrorContext(ctx, "page given up", logging.ResourceKey, shard.Resource, logging.RunKey, shard.Run, logging.ShardKey, shard.Index,
		"cursor", shard.Cursor, "phase", shard.Phase, logging.ErrorKey, err)

	return true, err
}

const givenUpReason = "given up after many attempts: %v; import it again"

// givenUp is the page that is recorded in place of one that can't be done: its record has failed. When not even that could
// be read, the way behind it is blocked, and the rest of the range has failed.
func givenUp(shard Shard, page Page, err error) Page {
	reason := fmt.Sprintf(givenUpReason, err)

	if page.Cursor == "" || page.Cursor == shard.Cursor {
		id := fmt.Sprintf("ids after %q and before %q", shard.Cursor, shard.Before)

		return Page{Cursor: shard.Cursor, End: true, Counts: Counts{Read: 1, Failed: 1}, Failures: []Failure{{ID: id, Reason: reason}}}
	}

	return Page{
		Cursor: page.Cursor, End: page.End, Counts: Counts{Read: 1, Failed: 1}, Recent: page.Recent,
		Failures: []Failure{{ID: page.Cursor, Reason: reason}},
	}
}

// abandoned is what is recorded of jobs that can't be settled. Either they are those of one page, which is down to a single
// record by now, and that record has failed; or they are those of many pages, and then each job is a failure.
func abandoned(shard Shard, err error) Settled {
	var s Settled

	if shard.Last.Read > 0 {
		s.Failed = shard.Last.Sent
		s.Failures = []Failure{{ID: shard.Cursor, Reason: fmt.Sprintf(givenUpReason, err)}}

		return s
	}

	for _, job := range shard.Jobs {
		s.Failed += job.Rows
		s.Failures = append(s.Failures, Failure{
			ID: "job " + job.ID, Reason: fmt.Sprintf("what became of its records could not be found out, after many attempts: %v; import again", err),
		})
	}

	return s
}
