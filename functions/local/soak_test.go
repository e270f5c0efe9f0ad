package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
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

// A thousand messages of all functions a minute, to three instances of them that are replaced now and then, by way of a
// network, a commercetools and a Klaviyo that fail half the time, and are down for five seconds. Deliveries come in any
// order, twice, are given up half-way, and come again until they are acknowledged. In the end nothing is lost, doubled or
// parked: Klaviyo has, record by record, what it has when nothing fails.
//
// SEEDS=10 and SOAK_MINUTES=10 take other numbers than the usual ones, and SEED=17 tries that one alone.
func TestSoak(t *testing.T) {
	t.Parallel()

	minutes := fromEnvironment(t, "SOAK_MINUTES", 1)

	for _, seed := range soakSeeds(t) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calm := broker{}
				want := calm.soak(t, seed, minutes)

				failing := broker{faults: true, down: spell{20 * time.Second, 5 * time.Second}}
				got := failing.soak(t, seed, minutes)

				t.Logf("SEED=%d: %d messages about %d records took %d deliveries and %d requests, %d of which failed",
					seed, messagesInMinute*minutes, len(want), failing.deliveries, failing.requests, failing.failed)

				if failing.failed < failing.requests/5 {
					t.Errorf("SEED=%d: that is too few", seed)
				}

				compare(t, seed, minutes, want, got)
			})
		})
	}
}

// Klaviyo is out of reach for a day, from the tenth second on. All that happened in the minutes before and after arrives once
// it is back.
func TestOutageOfADay(t *testing.T) {
	t.Parallel()

	if os.Getenv("SEEDS") == "" {
		t.Skip("SEEDS is not set: `make soak` does")
	}

	for _, seed := range soakSeeds(t)[:1] {
		synctest.Test(t, func(t *testing.T) {
			want := (&broker{}).soak(t, seed, 1)

			out := broker{away: spell{10 * time.Second, 24 * time.Hour}}
			got := out.soak(t, seed, 1)

			t.Logf("SEED=%d: %d deliveries in %v", seed, out.deliveries, time.Since(out.began).Round(time.Minute))

			if lasted := time.Since(out.began); lasted < out.away.lasts {
				t.Errorf("SEED=%d: all was over after %v", seed, lasted)
			}

			compare(t, seed, 1, want, got)
		})
	}
}

// soakSeeds are those that the environment asks for, and else two and a random one.
func soakSeeds(t *testing.T) []uint64 {
	t.Helper()

	if text := os.Getenv("SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}

		return []uint64{seed}
	}

	seeds := []uint64{rand.Uint64()}
	for seed := range fromEnvironment(t, "SEEDS", 3) - 1 {
		seeds = append(seeds, uint64(seed)+1)
	}

	return seeds
}

// fromEnvironment is the number of an environment variable.
func fromEnvironment(t *testing.T, variable string, usual int) int {
	t.Helper()

	text := os.Getenv(variable)
	if text == "" {
		return usual
	}

	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no number from 1 on", variable, text)
	}

	return n
}

// compare compares what Klaviyo has with what it should have.
func compare(t *testing.T, seed uint64, minutes int, want, got map[string]klaviyotest.Record) {
	t.Helper()

	if n := placed(want); n != ordersInMinute*minutes {
		t.Errorf("SEED=%d: %d orders are placed, want %d", seed, n, ordersInMinute*minutes)
	}

	if !reflect.DeepEqual(want, got) { // cmp takes its time
		t.Errorf("SEED=%d: what Klaviyo has (-want +got):\n%s", seed, cmp.Diff(want, got))
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

// broker delivers messages until they are acknowledged, over a network that fails.
type broker struct {
	faults bool
	// down is when neither commercetools nor Klaviyo can be reached, and away when Klaviyo can't.
	down, away spell

	t      *testing.T
	began  time.Time
	start  func() instance
	parked parkedInTest
	all    sync.WaitGroup

	mu                           sync.Mutex
	rand                         *rand.Rand
	instances                    [3]instance
	deliveries, requests, failed int
}

// spell is a time that lasts, from so long after the beginning.
type spell struct{ from, lasts time.Duration }

func (s spell) covers(since time.Duration) bool { return since > s.from && since < s.from+s.lasts }

// soak lets a world happen, and returns what Klaviyo has in the end.
func (p *broker) soak(t *testing.T, seed uint64, minutes int) map[string]klaviyotest.Record {
	t.Helper()

	w := newWorld(t, seed, minutes)
	ct, kl := w.open(), klaviyotest.New(klaviyotest.Options{})
	p.t, p.rand, p.began = t, rand.New(rand.NewPCG(seed, 1)), time.Now()
	atCommercetools := faulttest.Wrap(ct, func(*http.Request) faulttest.Fault { return p.fault(p.down) })
	atKlaviyo := faulttest.Wrap(kl, func(*http.Request) faulttest.Fault { return p.fault(p.down, p.away) })
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
		t.Errorf("SEED=%d: %d parked, the first: %v", seed, n, p.parked.all[0].Attributes)
	}

	return kl.State()
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

// publish delivers a message, one in ten twice, and now and then once more though it was acknowledged, with ever longer
// pauses up to the subscription's ten minutes. A message takes at least half a second: that is what keeps one instance's
// writing from being overtaken by another's unseen.
func (p *broker) publish(h incident) {
	copies := 1
	if p.chance(10) {
		copies = 2
	}

	for range copies {
		p.all.Go(func() {
			wait := p.between(500*time.Millisecond, 3*time.Second)

			for pause := 10 * time.Second; ; pause = min(2*pause, 10*time.Minute) {
				time.Sleep(wait)

				if p.deliver(h) == http.StatusNoContent && !p.chance(3) {
					return
				}

				wait = p.between(pause, 2*pause)
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

// fault is what goes wrong with a request: nothing gets through in these spells, and else half of them fail and all take
// their time.
func (p *broker) fault(spells ...spell) faulttest.Fault {
	f := p.anyFault()

	for _, s := range spells {
		if s.covers(time.Since(p.began)) {
			f = faulttest.Fault{ResetBefore: true}
		}
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	p.requests++

	if f != (faulttest.Fault{Delay: f.Delay}) {
		p.failed++
	}

	return f
}

func (p *broker) anyFault() faulttest.Fault {
	if !p.faults {
		return faulttest.Fault{}
	}

	f := faulttest.Fault{Delay: p.between(0, 200*time.Millisecond)}

	switch n := int(p.between(0, 100)); {
	case n < 7:
		f.Status = http.StatusInternalServerError
	case n < 10:
		f.Status = http.StatusServiceUnavailable
	case n < 12:
		f.Status, f.ContentType, f.Body = http.StatusForbidden, "text/html", "<html>wait</html>"
	case n < 15:
		f.ResetBefore = true
	case n < 19:
		f.ResetAfter = true
	case n < 21:
		f.Truncated = true
	case n < 36:
		f.Status = http.StatusTooManyRequests
	case n < 50:
		f.Status, f.RetryAfter = http.StatusTooManyRequests, strconv.Itoa(1+n%3)
	case n < 52:
		f.Delay += p.between(0, 20*time.Second)
	}

	return f
}
