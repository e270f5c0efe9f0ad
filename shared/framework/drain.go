package framework

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

// A process that is told to end cuts off after CutAfter the requests that are still in flight, and has ended after EndAfter:
// Cloud Run kills after 10 seconds.
const (
	CutAfter = 7 * time.Second
	EndAfter = 9 * time.Second
)

// quiet is how long there must be no request before the process ends. An answer is on its way for a moment after its
// handler has returned, and a client may have sent its next request before it got to know.
const quiet = 250 * time.Millisecond

// drain knows the requests in flight.
type drain struct {
	handler  http.Handler
	ending   atomic.Bool
	inFlight atomic.Int64
	// answered counts the requests that have been in flight.
	answered atomic.Int64
	// cut is closed to cut off those that are in flight.
	cut chan struct{}
}

func newDrain(h http.Handler) *drain { return &drain{handler: h, cut: make(chan struct{})} }

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

	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()

	go func() {
		select {
		case <-d.cut:
			cancel()
		case <-ctx.Done():
		}
	}()

	d.handler.ServeHTTP(w, r.WithContext(ctx))
}

// wait returns once the requests in flight are answered.
func (d *drain) wait() {
	d.ending.Store(true)

	defer time.AfterFunc(CutAfter, func() { close(d.cut) }).Stop()

	end := time.After(EndAfter)

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
