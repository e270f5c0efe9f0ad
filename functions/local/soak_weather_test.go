package main

import (
	"errors"
	"math/rand/v2"
	"net/http"
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
			roll := w.dice.Roll(faulttest.About(r))
			if w.chance(roll, 34) {
				f = faulttest.Any(roll)
			}

			f.Delay += faulttest.Between(roll, 0, 200*time.Millisecond)
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

// through is the place of a [bulktest.Outward].
func (w *weather) through(what string, call func() error) error {
	roll := w.dice.Roll(what)
	if !w.chance(roll, 45) {
		w.count(false)

		return call()
	}

	err := faulttest.Spoil(roll, call)
	w.count(errors.Is(err, faulttest.ErrOutOfOrder))

	return err
}
