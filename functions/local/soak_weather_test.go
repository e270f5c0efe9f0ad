package main

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/ctklaviyo/connector/shared/faulttest"
)

// weather is what goes wrong with all that is called outside a process.
type weather struct {
	// faults tells whether a third of the calls fail and all requests take their time.
	faults bool
	// down is when neither commercetools nor Klaviyo can be reached, and away when Klaviyo can't.
	down, away spell

	began time.Time
	dice  *faulttest.Dice

	counting      sync.Mutex
	calls, failed int
}

// spell is a time that lasts, from so long after the beginning.
type spell struct{ from, lasts time.Duration }

func (s spell) covers(since time.Duration) bool { return since > s.from && since < s.from+s.lasts }

// chance is true so many times in a hundred.
func (w *weather) chance(roll *rand.Rand, percent int) bool {
	return w.faults && roll.IntN(100) < percent
}

// between is a time from least to less than most.
func between(roll *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(roll.Int64N(int64(most-least)))
}

func (w *weather) count(failed bool) {
	w.counting.Lock()
	defer w.counting.Unlock()

	w.calls++

	if failed {
		w.failed++
	}
}

// request decides about requests: nothing gets through in these spells.
func (w *weather) request(spells ...spell) func(*http.Request) faulttest.Fault {
	return func(r *http.Request) faulttest.Fault {
		var f faulttest.Fault
		if w.faults {
			f = anyFault(w.dice.Roll(w.about(r)))
		}

		for _, s := range spells {
			if s.covers(time.Since(w.began)) {
				f = faulttest.Fault{ResetBefore: true}
			}
		}

		w.count(f != faulttest.Fault{Delay: f.Delay})

		return f
	}
}

// about is a request's method, URL and body.
func (w *weather) about(r *http.Request) string {
	about := r.Method + " " + r.URL.String()
	if r.Body == nil {
		return about
	}

	body, err := io.ReadAll(r.Body)
	if err != nil {
		return about // and whoever reads it next will notice
	}

	r.Body = io.NopCloser(bytes.NewReader(body))

	return about + " " + string(body)
}

func anyFault(roll *rand.Rand) faulttest.Fault {
	f := faulttest.Fault{Delay: between(roll, 0, 200*time.Millisecond)}

	switch n := roll.IntN(100); {
	case n < 5:
		f.Status = http.StatusInternalServerError
	case n < 7:
		f.Status = http.StatusServiceUnavailable
	case n < 9:
		f.Status, f.ContentType, f.Body = http.StatusForbidden, "text/html", "<html>wait</html>"
	case n < 11:
		f.ResetBefore = true
	case n < 14:
		f.ResetAfter = true
	case n < 16:
		f.Truncated = true
	case n < 24:
		f.Status = http.StatusTooManyRequests
	case n < 32:
		f.Status, f.RetryAfter = http.StatusTooManyRequests, strconv.Itoa(1+n%3)
	case n < 34:
		f.Delay += between(roll, 0, 20*time.Second)
	}

	return f
}

var errOutOfOrder = errors.New("out of order")

// through makes a call of the store or the queue: it fails before or after it has done its work, or takes a while.
func (w *weather) through(about string, call func() error) error {
	if !w.faults {
		return call()
	}

	roll := w.dice.Roll(about)
	n := roll.IntN(100)
	w.count(n < 30)

	switch {
	case n < 15:
		return errOutOfOrder
	case n < 30:
		return errors.Join(errOutOfOrder, call())
	case n < 35:
		time.Sleep(between(roll, 0, 10*time.Second))
	}

	return call()
}
