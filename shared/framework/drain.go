package framework

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// patience is how long requests may go on, and most how long all may take: Cloud Run kills after 10 seconds.
	patience = 7 * time.Second
	most     = 9 * time.Second
	// quiet is how long there must be no request before the process ends. An answer is on its way for a moment after its
	// handler has returned, and a client may have sent its next request before it got to know.
	quiet = 250 * time.Millisecond
)

// drain knows the requests in flight.
type drain struct {
	handler  http.Handler
	ending   atomic.Bool
	inFlight atomic.Int64
	// answered counts the requests that have been in flight.
	answered atomic.Int64
	// within gives a request's context another end: cutOff.
	within func(context.Context) (context.Context, func())
	cutOff context.CancelFunc
}

func newDrain(h http.Handler) *drain {
	cut, cutOff := context.WithCancel(context.Background()) //nolint:gosec // wait calls it

	return &drain{
		handler: h,
		cutOff:  cutOff,
		within: func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			stop := context.AfterFunc(cut, cancel)

			return ctx, func() {
				stop()
				cancel()
			}
		},
	}
}

// ServeHTTP implements http.Handler.
func (d *drain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.inFlight.Add(1)

	defer func() {
		d.answered.Add(1)
		d.inFlight.Add(-1)
	}()

	if d.ending.Load() {
		w.Header().Set("Connection", "close")
	}

	ctx, done := d.within(r.Context())
	defer done()

	d.handler.ServeHTTP(w, r.WithContext(ctx))
}

// wait returns once the requests in flight are answered.
func (d *drain) wait() {
	d.ending.Store(true)

	defer time.AfterFunc(patience, d.cutOff).Stop()

	end := time.After(most)

	for before := int64(-1); ; {
		now := d.answered.Load()
		if now == before && d.inFlight.Load() == 0 {
			return
		}

		before = now

		select {
		case <-end:
			return
		case <-time.After(quiet):
		}
	}
}
