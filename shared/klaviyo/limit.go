package klaviyo

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/googleapis/gax-go/v2"
	"golang.org/x/sync/semaphore"
)

// Klaviyo counts in fixed windows whose borders we can't see, so the limit has to hold for every second and every minute,
// wherever it begins. The margin is for requests that travel faster than the ones before them.
const (
	margin       = 50 * time.Millisecond
	burstWindow  = time.Second + margin
	steadyWindow = time.Minute + margin
)

// longestBlock bounds what a Retry-After can do to this process: after it, Klaviyo is asked again.
const longestBlock = 2 * time.Minute

// limiter keeps the requests of one operation within its limit. It remembers when the last ones started: a start waits
// until as many starts as are allowed lie a whole window back. (A token bucket would let a full bucket and a window's
// refill through within one window: twice the burst.) Those who wait go first come, first served.
type limiter struct {
	limit Limit
	// turn is held by the first in the queue.
	turn *semaphore.Weighted

	mu sync.Mutex
	// starts are the latest ones, a ring whose oldest is at next once it is full.
	starts []time.Time
	next   int
	// queue is how many are waiting.
	queue int
	// blocked is when Klaviyo wants the next request at the earliest.
	blocked time.Time
	// share is the part of the burst limit that was left at since, and slowed is when it was last halved; see limitshare.go.
	share         float64
	since, slowed time.Time
}

func newLimiter(l Limit) *limiter {
	return &limiter{limit: l, turn: semaphore.NewWeighted(1), starts: make([]time.Time, 0, max(l.Burst, l.Steady)), share: 1}
}

// wait returns when a request may start, and counts it as started. When that would be after the context's deadline it
// fails at once: with an *[Error] of status 429 that tells when to come again, as if Klaviyo had said so.
func (l *limiter) wait(ctx context.Context, name string) error {
	pause := l.join()
	defer l.leave()

	if err := inTime(ctx, pause, name); err != nil {
		return err
	}

	if err := l.turn.Acquire(ctx, 1); err != nil {
		return err //nolint:wrapcheck // the context's own error
	}
	defer l.turn.Release(1)

	for {
		pause := l.start()
		if pause == 0 {
			return nil
		}

		if err := inTime(ctx, pause, name); err != nil {
			return err
		}

		if err := gax.Sleep(ctx, pause); err != nil {
			return err //nolint:wrapcheck // the context's own error
		}
	}
}

// block holds all requests back for a while: Klaviyo has answered one with 429 and Retry-After, or the minute is used up.
func (l *limiter) block(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()

	now := time.Now()
	if until := now.Add(min(d, longestBlock)); until.After(l.blocked) {
		// Noted first: from now on the share counts as grown only since the pause's end.
		l.share, l.since = l.shareAt(now), now
		l.blocked = until
	}
}

// join enters the queue and returns how long it will take.
func (l *limiter) join() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()

	now := time.Now()
	pause := l.earliest(now, l.queue).Sub(now)
	l.queue++

	return pause
}

func (l *limiter) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.queue--
}

// start counts a start, or returns how long it has to wait.
func (l *limiter) start() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()

	now := time.Now()
	if pause := l.earliest(now, 0).Sub(now); pause > 0 {
		return pause
	}

	switch {
	case cap(l.starts) == 0: // no limit, nothing to remember
	case len(l.starts) < cap(l.starts):
		l.starts = append(l.starts, now)
	default:
		l.starts[l.next] = now
		l.next = (l.next + 1) % len(l.starts)
	}

	return 0
}

// earliest is when a request can start that has others ahead of it in the queue. Each of them starts as early as it can:
// it is held up by the start one burst before it and the one a minute's worth before it, which have happened or are ahead
// in the queue themselves.
func (l *limiter) earliest(now time.Time, ahead int) time.Time {
	open := later(now, l.blocked)
	at := open

	var minutes time.Duration // whole windows that the queue fills by itself

	if n := l.limit.Steady; n > 0 {
		minutes = time.Duration(ahead/n) * steadyWindow
		ahead %= n
		at = later(open.Add(minutes), l.ago(n-ahead).Add(minutes+steadyWindow))
	}

	if n := l.burst(now); n > 0 {
		seconds := time.Duration(ahead/n) * burstWindow
		ahead %= n
		at = later(at, open.Add(minutes+seconds))
		at = later(at, l.ago(n-ahead).Add(minutes+seconds+burstWindow))
	}

	return at
}

// ago returns the n-th last start; the zero time when there were fewer.
func (l *limiter) ago(n int) time.Time {
	if n > len(l.starts) {
		return time.Time{}
	}

	return l.starts[(l.next+len(l.starts)-n)%len(l.starts)]
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}

	return a
}

// inTime fails when a pause would outlast the context.
func inTime(ctx context.Context, pause time.Duration, name string) error {
	if deadline, ok := ctx.Deadline(); ok && pause > 0 && time.Until(deadline) < pause {
		return &Error{Status: http.StatusTooManyRequests, Operation: name, RetryAfter: pause}
	}

	return nil
}
