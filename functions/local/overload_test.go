package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
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
	if os.Getenv("SOAK") != "" {
		minutes = 5
	}

	for _, o := range []*overload{
		{instances: 1, concurrency: realtimeConcurrency(t)},
		{instances: 2, concurrency: realtimeConcurrency(t), refused: 0.05},
		{instances: 2, concurrency: 80, refused: 0.1}, // Cloud Run's own default
	} {
		t.Run(fmt.Sprintf("%d instances with %d requests", o.instances, o.concurrency), func(t *testing.T) {
			o.minutes = minutes
			synctest.Test(t, o.run)
		})
	}
}

// realtimeConcurrency is how many requests an instance of a realtime function gets at once.
func realtimeConcurrency(t *testing.T) int {
	t.Helper()

	config, err := os.ReadFile(filepath.Join("..", "..", "terraform", "realtime.tf"))
	if err != nil {
		t.Fatal(err)
	}

	found := regexp.MustCompile(`concurrency\s*= (\d+)`).FindSubmatch(config)
	if found == nil {
		t.Fatal("realtime.tf has no concurrency")
	}

	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}

	return n
}

// overload is more traffic than Klaviyo allows, and what becomes of it.
type overload struct {
	instances, concurrency, minutes int
	// refused is the part of all requests that Klaviyo may refuse.
	refused float64

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

// busyInstance is one instance of CustomerEvents.
type busyInstance struct {
	handler http.HandlerFunc
	// slots are the requests that it takes at once.
	slots chan struct{}
	// written is how many of its requests Klaviyo has taken.
	written *atomic.Int64
}

func (o *overload) run(t *testing.T) {
	o.t, o.rand, o.kl = t, rand.New(rand.NewPCG(1, 2)), klaviyotest.New(klaviyotest.Options{Limits: true})
	ct := commercetoolstest.NewServer("demo")
	o.idle = runtime.NumGoroutine()

	for range o.instances {
		o.busy = append(o.busy, o.start(ct))
	}

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

// expect looks at what has become of so many messages.
func (o *overload) expect(messages int) {
	o.t.Helper()

	if profiles := len(o.kl.Profiles()); profiles != messages || len(o.parked.all) > 0 {
		o.t.Errorf("%d profiles and %d parked, want %d and none", profiles, len(o.parked.all), messages)
	}

	if most := int64(o.refused * float64(o.kl.Requests())); o.kl.Throttled() > most {
		o.t.Errorf("Klaviyo refused %d of %d requests, want at most %d", o.kl.Throttled(), o.kl.Requests(), most)
	}

	for i, f := range o.busy {
		if n := f.written.Load(); n < int64(messages/o.instances*2/3) {
			o.t.Errorf("instance %d wrote %d of %d profiles", i, n, messages)
		}
	}
}

// What may come to the heap: a little at once, and then for each message while it waits, and after for what the fake keeps of
// its profile. Both take some 500 bytes.
const (
	someBytes    = 2 << 20
	messageBytes = 2 << 10
)

// watch watches the process until it is over.
func (o *overload) watch(over chan struct{}) {
	for {
		synctest.Wait() // nothing is half done

		left, written := int(o.left.Load()), 0
		for _, b := range o.busy {
			written += int(b.written.Load())
		}

		if now, most := heap(), o.empty+uint64(someBytes+(left+written)*messageBytes); now > most {
			o.t.Errorf("%d messages wait, %d have been written: the heap has grown from %d to %d bytes, want at most %d", left, written, o.empty, now, most)
		}

		// Each message has a goroutine here; what works on one adds no more than its share of a client's.
		others := runtime.NumGoroutine() - o.idle - left
		if most := 50 + 2*o.instances*o.concurrency; others > most {
			o.t.Errorf("%d goroutines besides, want at most %d", others, most)
		}

		select {
		case <-over:
			return
		case <-time.After(10 * time.Second):
		}
	}
}

func heap() uint64 {
	var m runtime.MemStats

	runtime.GC()
	runtime.ReadMemStats(&m)

	return m.HeapAlloc
}

// start starts an instance, at some distance from commercetools and Klaviyo.
func (o *overload) start(ct http.Handler) busyInstance {
	b := busyInstance{slots: make(chan struct{}, o.concurrency), written: &atomic.Int64{}}

	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		o.kl.ServeHTTP(answer, r)

		if answer.Code < http.StatusMultipleChoices {
			b.written.Add(1)
		}

		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
	far := func(h http.Handler) http.Handler {
		return faulttest.Wrap(h, func(*http.Request) faulttest.Fault {
			return faulttest.Fault{Delay: o.between(50*time.Millisecond, 150*time.Millisecond)}
		})
	}

	atKlaviyo := functiontest.KlaviyoConfig(functiontest.Memory("http://klaviyo.example", far(counted)))
	atKlaviyo.Limits = klaviyo.PublishedLimits()

	all, err := newInstance(functiontest.CommercetoolsConfig(functiontest.Memory("http://commercetools.example", far(ct))),
		atKlaviyo, loggingtest.New(o.t), &o.parked)
	if err != nil {
		o.t.Fatal(err)
	}

	b.handler = all["CustomerEvents"]

	return b
}

// between is a time from least to less than most.
func (o *overload) between(least, most time.Duration) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()

	return least + time.Duration(o.rand.Int64N(int64(most-least)))
}

// publish delivers a message until it is acknowledged, with the subscription's pauses.
func (o *overload) publish(body string) {
	defer o.left.Add(-1)

	for pause := 10 * time.Second; o.deliver(body) != http.StatusNoContent; pause = min(2*pause, 10*time.Minute) {
		time.Sleep(o.between(pause, pause+pause/4))
	}
}

// deliver delivers a message to an instance that has room. Without any Cloud Run answers 429.
func (o *overload) deliver(body string) int {
	o.deliveries.Add(1)

	first := int(o.between(0, time.Duration(len(o.busy))))

	for i := range o.busy {
		f := o.busy[(first+i)%len(o.busy)]

		select {
		case f.slots <- struct{}{}:
		default:
			continue
		}

		w := httptest.NewRecorder()
		f.handler(w, httptest.NewRequestWithContext(o.t.Context(), http.MethodPost, "/", strings.NewReader(body)))
		<-f.slots

		return w.Code
	}

	return http.StatusTooManyRequests
}
