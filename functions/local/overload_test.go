package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// changesInMinute is three times what Klaviyo takes of updates of profiles.
const changesInMinute = 3 * 750

// Three times as many profiles change as Klaviyo allows, for a minute, or five with SOAK as `make soak` sets it. Pub/Sub
// delivers to instances that take as many requests at once as Terraform says, and again what they can't take. All of it
// arrives; Klaviyo has to refuse little, since the clients slow themselves down; the instances get the like of each other;
// and nothing grows but what waits in Pub/Sub.
//
//nolint:paralleltest // it watches the memory of the whole process
func TestOverload(t *testing.T) {
	minutes := 1
	if takesLong() {
		minutes = 5
	}

	concurrency := numberInTerraform(t, "realtime.tf", "concurrency")

	for _, o := range []*overload{
		{instances: 1, concurrency: concurrency},
		{instances: 2, concurrency: concurrency, refused: 0.05},
		{instances: 2, concurrency: 80, refused: 0.1}, // Cloud Run's own default
	} {
		t.Run(fmt.Sprintf("%d instances with %d requests", o.instances, o.concurrency), func(t *testing.T) {
			o.function, o.minutes, o.subscription = "CustomerEvents", minutes, readSubscription(t)
			synctest.Test(t, o.run)
		})
	}
}

// overload is more traffic than Klaviyo allows, and what becomes of it.
type overload struct {
	function                        string
	instances, concurrency, minutes int
	// refused is the part of all requests that Klaviyo may refuse.
	refused      float64
	subscription pushSubscription

	t  *testing.T
	kl *klaviyotest.Server
	// idle is how many goroutines the process has before, those that other tests have left among them, and empty its heap.
	idle   int
	empty  uint64
	busy   []busyInstance
	parked parkedInTest
	// waiting are the messages in Pub/Sub.
	waiting    sync.WaitGroup
	left       atomic.Int64
	deliveries atomic.Int64

	mu   sync.Mutex
	rand *rand.Rand
}

func (o *overload) run(t *testing.T) {
	o.idle = runtime.NumGoroutine()
	ct := o.begin(t)

	// The customers are there before, so that their memory is no growth.
	messages := make([]string, o.minutes*changesInMinute)
	for i := range messages {
		id := fmt.Sprintf("%08x-0000-4000-8000-000000000000", i)
		ct.Put("customers", json.RawMessage(fmt.Sprintf(`{"id":%q,"version":1,"email":"ann-%d@shop.example.org"}`, id, i)))
		messages[i] = functiontest.Push(t, functiontest.Change(t, "customer", id, "ResourceUpdated"))
	}

	o.empty = heap()
	over, watched := make(chan struct{}), make(chan struct{})

	go func() {
		defer close(watched)

		o.watch(over)
	}()

	begin := time.Now()

	for _, body := range messages {
		o.left.Add(1)
		o.waiting.Go(func() { o.publish(body) })
		time.Sleep(time.Minute / changesInMinute)
	}

	o.waiting.Wait()
	close(over)
	<-watched
	t.Logf("%d messages in %v and %d deliveries; %d of %d requests were refused",
		len(messages), time.Since(begin).Round(time.Second), o.deliveries.Load(), o.kl.Throttled(), o.kl.Requests())
	o.expect(len(messages))
}

// begin starts the instances, and returns the commercetools that they read.
func (o *overload) begin(t *testing.T) *commercetoolstest.Server {
	t.Helper()

	o.t, o.rand, o.kl = t, rand.New(rand.NewPCG(1, 2)), klaviyotest.New(klaviyotest.Options{Limits: true})
	ct := commercetoolstest.NewServer("demo")

	for range o.instances {
		o.busy = append(o.busy, o.start(ct))
	}

	return ct
}

// expect looks at what has become of so many messages.
func (o *overload) expect(messages int) {
	o.t.Helper()

	if profiles := len(o.kl.Profiles()); profiles != messages || len(o.parked.all) > 0 {
		o.t.Errorf("%d profiles and %d parked, want %d and none", profiles, len(o.parked.all), messages)
	}

	if most := int64(o.refused * float64(o.kl.Requests())); o.kl.Throttled() > most {
		o.t.Errorf("Klaviyo refused %d of %d requests, want at most %d", o.kl.Throttled(), o.kl.Requests(), most)
	}

	for i, b := range o.busy {
		if n := b.written.Load(); n < int64(messages/o.instances*2/3) {
			o.t.Errorf("instance %d wrote %d of %d profiles", i, n, messages)
		}
	}
}

// roll returns numbers for one goroutine.
func (o *overload) roll() *rand.Rand {
	o.mu.Lock()
	defer o.mu.Unlock()

	return rand.New(rand.NewPCG(o.rand.Uint64(), 0))
}

// publish delivers a message until it is acknowledged, with the subscription's pauses.
func (o *overload) publish(body string) {
	defer o.left.Add(-1)

	roll := o.roll()
	for failed := 0; o.deliver(body, roll) != http.StatusNoContent; failed++ {
		time.Sleep(o.subscription.backoff(failed, roll))
	}
}

// deliver delivers a message to an instance that has room. Without any Cloud Run answers 429.
func (o *overload) deliver(body string, roll *rand.Rand) int {
	o.deliveries.Add(1)

	first := roll.IntN(len(o.busy))

	for i := range o.busy {
		b := o.busy[(first+i)%len(o.busy)]

		select {
		case b.slots <- struct{}{}:
		default:
			continue
		}

		w := httptest.NewRecorder()
		b.handler(w, httptest.NewRequestWithContext(o.t.Context(), http.MethodPost, "/", strings.NewReader(body)))
		<-b.slots

		return w.Code
	}

	return http.StatusTooManyRequests
}
