package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// A thousand messages of all functions, to three instances of them that are replaced now and then, by way of a network, a
// commercetools and a Klaviyo that fail half the time, and are down for five seconds. Deliveries come in any order, twice,
// are given up half-way, and come again until they are acknowledged. In the end nothing is lost, doubled or parked: Klaviyo
// has, record by record, what it has when nothing fails.
func TestSoak(t *testing.T) {
	t.Parallel()

	for _, seed := range []uint64{1, 2, rand.Uint64()} {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				want, _ := soak(t, seed, false)
				got, deliveries := soak(t, seed, true)

				t.Logf("seed %d: %d messages about %d records took %d deliveries", seed, messagesInWorld, len(want), deliveries)

				if n := placed(want); n != ordersInWorld {
					t.Errorf("seed %d: %d orders are placed, want %d", seed, n, ordersInWorld)
				}

				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("seed %d: what Klaviyo has (-without faults +with them):\n%s", seed, diff)
				}
			})
		})
	}
}

// placed counts the orders that Klaviyo knows of.
func placed(all map[string]klaviyotest.Record) int {
	n := 0

	for name := range all {
		if strings.HasPrefix(name, "event Placed Order ") {
			n++
		}
	}

	return n
}

// soak lets a world happen, and returns what Klaviyo has in the end and how many deliveries that took.
func soak(t *testing.T, seed uint64, faults bool) (map[string]klaviyotest.Record, int) {
	t.Helper()

	w := newWorld(t, seed)
	ct, kl := w.open(), klaviyotest.New(klaviyotest.Options{})
	p := &broker{t: t, rand: rand.New(rand.NewPCG(seed, 1)), faults: faults, began: time.Now()}
	atCommercetools, atKlaviyo := faulttest.Wrap(ct, p.fault), faulttest.Wrap(kl, p.fault)
	p.start = func() instance { return inMemory(t, atCommercetools, atKlaviyo, &p.parked) }

	for i := range p.instances {
		p.instances[i] = p.start()
	}

	for _, h := range w.incidents {
		p.all.Go(func() {
			time.Sleep(h.at)

			if h.change != nil {
				h.change(ct)
			}

			p.publish(h)
		})
	}

	p.all.Wait()

	if n := len(p.parked.all); n > 0 {
		t.Errorf("seed %d: %d parked, the first: %v", seed, n, p.parked.all[0].Attributes)
	}

	return kl.State(), p.deliveries
}

// broker delivers messages until they are acknowledged, over a network that fails.
type broker struct {
	t      *testing.T
	faults bool
	began  time.Time
	start  func() instance
	parked parkedInTest
	all    sync.WaitGroup

	mu         sync.Mutex
	rand       *rand.Rand
	instances  [3]instance
	deliveries int
}

// chance is true so many times in a hundred.
func (p *broker) chance(percent int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.faults && p.rand.IntN(100) < percent
}

// between is a time from least to less than most.
func (p *broker) between(least, most time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()

	return least + time.Duration(p.rand.Int64N(int64(most-least)))
}

// publish delivers a message, one in ten twice, and now and then once more though it was acknowledged. A message takes at
// least half a second: that is what keeps one instance's writing from being overtaken by another's unseen.
func (p *broker) publish(h incident) {
	copies := 1
	if p.chance(10) {
		copies = 2
	}

	for range copies {
		p.all.Go(func() {
			for wait := p.between(500*time.Millisecond, 3*time.Second); ; wait = p.between(10*time.Second, 20*time.Second) {
				time.Sleep(wait)

				if p.deliver(h) == http.StatusNoContent && !p.chance(3) {
					return
				}
			}
		})
	}
}

// deliver delivers a message once to any instance. One delivery in thirty is given up half-way, and one in a hundred goes to
// an instance that has just replaced another.
func (p *broker) deliver(h incident) int {
	replaced := p.chance(1)

	p.mu.Lock()
	p.deliveries++
	i := p.rand.IntN(len(p.instances))

	if replaced {
		p.instances[i] = p.start()
	}

	handler := p.instances[i][h.function]
	p.mu.Unlock()

	ctx, cancel := context.WithCancel(p.t.Context())
	defer cancel()

	if p.chance(3) {
		defer time.AfterFunc(p.between(0, time.Second), cancel).Stop()
	}

	recorder := httptest.NewRecorder()
	handler(recorder, httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(functiontest.Push(p.t, h.payload))))

	return recorder.Code
}

// fault is what goes wrong with a request: half of them fail, all take their time, and from the 20th to the 25th second
// nothing gets through.
func (p *broker) fault(*http.Request) faulttest.Fault {
	if !p.faults {
		return faulttest.Fault{}
	}

	f := faulttest.Fault{Delay: p.between(0, 200*time.Millisecond)}

	if since := time.Since(p.began); since > 20*time.Second && since < 25*time.Second {
		f.ResetBefore = true
		return f
	}

	switch n := int(p.between(0, 100)); {
	case n < 10:
		f.Status = http.StatusInternalServerError
	case n < 15:
		f.ResetBefore = true
	case n < 20:
		f.ResetAfter = true
	case n < 35:
		f.Status = http.StatusTooManyRequests
	case n < 50:
		f.Status, f.RetryAfter = http.StatusTooManyRequests, fmt.Sprint(1+n%3)
	}

	return f
}
