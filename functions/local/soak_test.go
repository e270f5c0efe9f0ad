package main

import (
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// A thousand messages of all functions a minute, to three instances of them that are replaced now and then, and at the end an
// import of everything while messages come in; by way of a network, a commercetools, a Klaviyo, a store and a queue that fail
// a third of the time, and are down for five seconds. Deliveries come in any order, twice, are given up half-way, and come
// again until they are acknowledged. In the end nothing is lost, doubled, parked or a dead letter, no import has failed or
// holds its lock, and Klaviyo has, record by record, what it has when nothing fails; and in both cases what commercetools has.
//
// SEEDS=10 and SOAK_MINUTES=10 take other numbers than the usual ones. SOAK=1, as `make soak` sets it, lets the first seed
// last ten times as long as the others: 100,000 messages, which cost two minutes of CPU. SEED=17 tries that one alone, for
// just as long as SOAK_MINUTES says: to repeat the first that is ten times what was asked for, which the test's output says.
//
// What a seed repeats is the world, and what each request, each delivery and each call of the store and the queue meets: see
// faulttest.Dice. It doesn't repeat everything: clients pause at random before they try again, and goroutines come in any
// order, so that a request may find others before it.
func TestSoak(t *testing.T) {
	t.Parallel()

	minutes := faulttest.Number(t, "SOAK_MINUTES", 1)

	for i, seed := range faulttest.Seeds(t, 3) {
		lasts := minutes
		if i == 0 && takesLong() && os.Getenv("SEED") == "" {
			lasts *= 10
		}

		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()

			w := newWorld(t, seed, 1000, everyMinute(lasts))
			w.again += fmt.Sprint(" SOAK_MINUTES=", lasts)
			w.during(500)

			var want, got map[string]klaviyotest.Record

			synctest.Test(t, func(t *testing.T) { want = (&broker{world: w}).soak(t) })
			synctest.Test(t, func(t *testing.T) {
				failing := broker{world: w, weather: weather{faults: true, down: spell{20 * time.Second, 5 * time.Second}}}
				got = failing.soak(t)

				t.Logf("%v: %d messages about %d records took %d deliveries and %d calls, %d of which failed",
					w, len(w.incidents), len(want), failing.deliveries, failing.calls, failing.failed)

				if failing.failed < failing.calls/5 {
					t.Errorf("%v: that is too few", w)
				}

				if n := failing.dead; n > 0 {
					t.Errorf("%v: %d messages became dead letters", w, n)
				}
			})

			compare(t, w, want, got)
		})
	}
}

// Klaviyo is out of reach for a day. A minute of messages begins half a minute before, another comes in the middle, and one
// when it is back. The first of them are dead letters by then, which somebody has to replay. In the end all is there.
func TestOutageOfADay(t *testing.T) {
	t.Parallel()

	if !takesLong() {
		t.Skip("SOAK is not set: `make soak` does")
	}

	const day = 24 * time.Hour

	w := newWorld(t, faulttest.Seeds(t, 1)[0], 300, []time.Duration{0, day / 2, day + time.Minute})

	var want, got map[string]klaviyotest.Record

	synctest.Test(t, func(t *testing.T) { want = (&broker{world: w}).soak(t) })
	synctest.Test(t, func(t *testing.T) {
		out := broker{world: w, weather: weather{away: spell{30 * time.Second, day}}}
		got = out.soak(t)

		t.Logf("%v: %d messages took %d deliveries in %v; %d became dead letters",
			w, len(w.incidents), out.deliveries, time.Since(out.began).Round(time.Minute), out.dead)

		if out.dead == 0 || out.dead == len(w.incidents) {
			t.Errorf("%v: that are all or none", w)
		}
	})

	compare(t, w, want, got)
}

// takesLong tells whether there is time for more than every run of the tests has to do.
func takesLong() bool { return os.Getenv("SOAK") != "" }

// everyMinute are the beginnings of so many minutes, one after the other.
func everyMinute(n uint64) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = time.Duration(i) * time.Minute
	}

	return all
}

// compare compares what Klaviyo has with what it should have.
func compare(t *testing.T, w *world, want, got map[string]klaviyotest.Record) {
	t.Helper()

	if n := events(want); n != w.events {
		t.Errorf("%v: there are %d events, want %d", w, n, w.events)
	}

	if !reflect.DeepEqual(want, got) { // cmp takes its time
		t.Errorf("%v: what Klaviyo has (-want +got):\n%s", w, cmp.Diff(want, got))
	}
}

// events counts those that Klaviyo has of orders.
func events(all map[string]klaviyotest.Record) int {
	n := 0

	for name := range all {
		if strings.HasPrefix(name, "event ") {
			n++
		}
	}

	return n
}
