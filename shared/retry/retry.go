// Package retry sends an HTTP request again when the first answer says that it may succeed later. Both API clients use
// it; each says what may be repeated.
package retry

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/googleapis/gax-go/v2"
)

// Policy says how often and how patiently.
type Policy struct {
	// Attempts is how often a request is sent at the most.
	Attempts int
	// Backoff gives the pauses: exponential, with jitter over the whole pause.
	Backoff gax.Backoff
	// Statuses are the answers that are worth another attempt. A network error always is, unless the context has ended.
	Statuses []int
}

// Do calls attempt until its answer is not worth another one, and returns the last answer, whatever its status. A pause
// is at least as long as Retry-After asks. When it would outlast the context's deadline the last answer is returned at
// once, so that the caller can hand the work back in time; without a deadline no pause is longer than 2 minutes. attempt builds
// its request anew each time. When even the last attempt fails without an answer, the error is an *[UnansweredError]. The
// text of an error that isn't final ends where it would quote the peer.
func Do(ctx context.Context, p Policy, attempt func(context.Context) (*http.Response, error)) (*http.Response, error) {
	backoff := p.Backoff

	for n := 1; ; n++ {
		resp, err := once(ctx, attempt)
		if n >= p.Attempts || !p.again(ctx, resp, err) {
			return resp, unanswered(ctx, err)
		}

		pause := backoff.Pause()
		if resp != nil {
			pause = max(pause, After(resp.Header))
		}

		if deadline, ok := ctx.Deadline(); !ok {
			pause = min(pause, longestPause)
		} else if time.Until(deadline) < pause {
			return resp, unanswered(ctx, err)
		}

		if resp != nil {
			discard(resp.Body)
		}

		if err := gax.Sleep(ctx, pause); err != nil {
			return nil, err //nolint:wrapcheck // the context's own error
		}
	}
}

// longestPause bounds what a Retry-After can do to a caller without a deadline: after it, the other side is asked again.
const longestPause = 2 * time.Minute

// once makes one attempt.
func once(ctx context.Context, attempt func(context.Context) (*http.Response, error)) (*http.Response, error) {
	resp, err := attempt(ctx)
	if err != nil && !isFinal(err) {
		err = quoteless(err)
	}

	return resp, err
}

// UnansweredError says that a request has brought no answer: the network failed, or the other side was silent for too long.
type UnansweredError struct{ Err error }

// Error implements error.
func (e *UnansweredError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *UnansweredError) Unwrap() error { return e.Err }

// unanswered marks an error of an attempt, unless it is final, or the caller has no more time.
func unanswered(ctx context.Context, err error) error {
	if err == nil || isFinal(err) || ctx.Err() != nil {
		return err
	}

	return &UnansweredError{err}
}

// Final marks an error of an attempt that another attempt would only repeat.
func Final(err error) error { return &finalError{err} }

type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }

func isFinal(err error) bool {
	_, final := errors.AsType[*finalError](err)

	return final
}

func (p Policy) again(ctx context.Context, resp *http.Response, err error) bool {
	if err != nil {
		return ctx.Err() == nil && !isFinal(err)
	}

	return slices.Contains(p.Statuses, resp.StatusCode)
}

// discard reads a body to its end, so that the connection can be used again.
func discard(body io.ReadCloser) {
	const most = 64 << 10
	_, _ = io.CopyN(io.Discard, body, most)
	_ = body.Close()
}

// After reads Retry-After, in seconds or as a date; 0 when it is absent, unreadable or past.
func After(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return 0
	}

	if s, err := strconv.ParseInt(v, 10, 64); err == nil {
		const most = int64(math.MaxInt64 / time.Second)

		return time.Duration(min(max(0, s), most)) * time.Second
	}

	if t, err := http.ParseTime(v); err == nil {
		return max(0, time.Until(t))
	}

	return 0
}
