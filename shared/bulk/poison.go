package bulk

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

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
		return false, err
	}

	counted, countErr := w.record(ctx, shard, nil, func(s *Shard) error { return s.fail(shard.Page) })
	if countErr != nil || counted.Page != shard.Page || !counted.hopeless() {
		return false, errors.Join(err, countErr)
	}

	if _, trouble := errors.AsType[*TroubleError](err); trouble && now.Sub(counted.UpdatedAt) < grace {
		return false, err
	}

	w.log.ErrorContext(ctx, "page given up", "resource", shard.Resource, "run", shard.Run, "shard", shard.Index, "cursor", shard.Cursor,
		"phase", shard.Phase, "error", err)

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
		Cursor: page.Cursor, End: page.End, Counts: Counts{Read: 1, Failed: 1},
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
