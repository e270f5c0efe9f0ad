package embedded_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// worker answers the queue's requests in its process, so that the queue's clock can be the test's.
type worker struct {
	// answer is called for each attempt of a task, the first is 0; it may wait.
	answer func(ctx context.Context, attempt int) (status int, retryAfter string)

	mu       sync.Mutex
	begun    time.Time
	attempts []attempt
	at       map[string]int
	// busy is how many attempts are under way, and busiest the most there ever were.
	busy, busiest int
}

// attempt is one request of the queue's.
type attempt struct {
	Page   int
	After  time.Duration
	Header http.Header
}

// newQueue returns a queue that delivers to the worker. It is called within a bubble of synctest.
func newQueue(t *testing.T, rates embedded.Rates, w *worker) *embedded.Queue {
	t.Helper()

	w.begun, w.at = time.Now(), map[string]int{}

	// The queue's client uses the default transport, which takes schemes besides HTTP.
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		t.Fatal("the default transport is not http.Transport")
	}

	scheme := "worker" + strings.ToLower(rand.Text())
	transport.RegisterProtocol(scheme, w)

	q := embedded.NewQueue(scheme+"://worker/task", rates, loggingtest.New(t))
	t.Cleanup(q.Close)

	return q
}

// quick are rates that are in no test's way.
func quick() embedded.Rates {
	return embedded.Rates{PerSecond: 1e6, Concurrent: 100, MinBackoff: 1, MaxBackoff: time.Hour, Deadline: time.Hour}
}

// done answers every attempt with success.
func done(context.Context, int) (status int, retryAfter string) { return http.StatusNoContent, "" }

// failing answers the first n attempts of each task so, and the others with success.
func failing(n, status int, retryAfter string) func(context.Context, int) (int, string) {
	return func(_ context.Context, attempt int) (int, string) {
		if attempt < n {
			return status, retryAfter
		}

		return http.StatusNoContent, ""
	}
}

// RoundTrip implements http.RoundTripper. It fails as a connection does when the queue gives up, or with status 0.
func (w *worker) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := w.begin(r)
	if err != nil {
		return nil, err
	}

	status, after := w.answer(r.Context(), n)

	w.mu.Lock()
	defer w.mu.Unlock()

	w.busy--

	if err := r.Context().Err(); err != nil {
		return nil, err
	}

	if status == 0 {
		return nil, errors.New("connection reset")
	}

	header := http.Header{}
	if after != "" {
		header.Set("Retry-After", after)
	}

	return &http.Response{StatusCode: status, Header: header, Body: http.NoBody, Request: r}, nil
}

// begin notes a request and returns the attempt of its task that it is.
func (w *worker) begin(r *http.Request) (int, error) {
	defer r.Body.Close()

	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, err
	}

	task, err := bulk.ParseTask(body)
	if err != nil {
		return 0, err
	}

	w.mu.Lock()
	defer w.mu.Unlock()

	w.attempts = append(w.attempts, attempt{Page: task.Page, After: time.Since(w.begun), Header: r.Header.Clone()})
	w.busy++
	w.busiest = max(w.busiest, w.busy)

	n := w.at[task.Name()]
	w.at[task.Name()]++

	return n, nil
}

// times are when the attempts came.
func (w *worker) times() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()

	times := make([]time.Duration, len(w.attempts))
	for i, a := range w.attempts {
		times[i] = a.After.Round(time.Millisecond)
	}

	return times
}

func task(page int) bulk.Task {
	return bulk.Task{Run: "run-1", Epoch: 1, Resource: bulk.Customers, Page: page}
}

func enqueue(t *testing.T, q *embedded.Queue, page int, after time.Duration) {
	t.Helper()

	if err := q.Enqueue(t.Context(), task(page), after); err != nil {
		t.Fatal(err)
	}
}

// pass lets time pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func wantTimes(t *testing.T, w *worker, want ...time.Duration) {
	t.Helper()

	if diff := cmp.Diff(want, w.times()); diff != "" {
		t.Errorf("times of the attempts (-want +got):\n%s", diff)
	}
}

func TestPerSecond(t *testing.T) {
	t.Parallel()

	for perSecond, want := range map[float64][]time.Duration{
		0.5: {0, 2 * time.Second, 4 * time.Second, 6 * time.Second, 8 * time.Second},
		2:   {0, 0, 500 * time.Millisecond, time.Second, 1500 * time.Millisecond},
		4:   {0, 0, 0, 0, 250 * time.Millisecond},
	} {
		t.Run(fmt.Sprint(perSecond), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, rates := &worker{answer: done}, quick()
				rates.PerSecond = perSecond
				q := newQueue(t, rates, w)

				for i := range want {
					enqueue(t, q, i, 0)
				}

				pass(time.Minute)
				wantTimes(t, w, want...)
			})
		})
	}
}

// TestRepeatsCount: the attempts that come back are within the rate, too.
func TestRepeatsCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, rates := &worker{answer: failing(3, http.StatusServiceUnavailable, "")}, quick()
		rates.PerSecond = 1
		enqueue(t, newQueue(t, rates, w), 0, 0)
		pass(time.Minute)
		wantTimes(t, w, 0, time.Second, 2*time.Second, 3*time.Second)
	})
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, rates := &worker{answer: func(context.Context, int) (int, string) {
			time.Sleep(time.Second)

			return http.StatusNoContent, ""
		}}, quick()
		rates.Concurrent = 3
		q := newQueue(t, rates, w)

		for i := range 7 {
			enqueue(t, q, i, 0)
		}

		pass(time.Minute)
		wantTimes(t, w, 0, 0, 0, time.Second, time.Second, time.Second, 2*time.Second)

		if w.busiest != 3 {
			t.Errorf("%d attempts at once, want 3", w.busiest)
		}
	})
}

// TestPausesHoldNoSlot: a task that waits for its next attempt, or for its time, keeps no other from being delivered.
func TestPausesHoldNoSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, rates := &worker{answer: failing(1, http.StatusTooManyRequests, "10")}, quick()
		rates.Concurrent = 1
		q := newQueue(t, rates, w)
		enqueue(t, q, 0, time.Second)
		enqueue(t, q, 1, 0)
		enqueue(t, q, 2, 2*time.Second)
		pass(time.Minute)
		wantTimes(t, w, 0, time.Second, 2*time.Second, 10*time.Second, 11*time.Second, 12*time.Second)
	})
}

// TestUntilSuccess: whatever is no success is delivered again, after the pause that the worker asks for.
func TestUntilSuccess(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		status     int
		retryAfter string
		pause      time.Duration
	}{
		"429 with a pause": {http.StatusTooManyRequests, "90", 90 * time.Second},
		"503 with a pause": {http.StatusServiceUnavailable, "7", 7 * time.Second},
		"a date":           {http.StatusTooManyRequests, "Sat, 01 Jan 2000 00:00:30 GMT", 30 * time.Second}, // The bubble's clock begins with 2000.
		"too long":         {http.StatusTooManyRequests, "3601", time.Hour},                                 // The longest pause bounds this one, too.
		"429":              {http.StatusTooManyRequests, "", 0},
		"503":              {http.StatusServiceUnavailable, "", 0},
		"500":              {http.StatusInternalServerError, "", 0},
		"400":              {http.StatusBadRequest, "", 0},
		"413":              {http.StatusRequestEntityTooLarge, "", 0},
		"network":          {0, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &worker{answer: func(_ context.Context, attempt int) (int, string) {
					if attempt == 0 {
						return c.status, c.retryAfter
					}

					return http.StatusOK, "3600" // A task that is done does not come back.
				}}
				enqueue(t, newQueue(t, quick(), w), 0, 0)
				pass(2 * time.Hour)
				wantTimes(t, w, 0, c.pause)
			})
		})
	}
}

// TestBackoff: the pauses are random, and their bound doubles with each attempt up to the longest. A worker that asks for
// a shorter pause does not get it.
func TestBackoff(t *testing.T) {
	t.Parallel()

	const first, longest, attempts = time.Hour, 4 * time.Hour, 400

	for _, retryAfter := range []string{"", "1"} {
		t.Run("Retry-After "+retryAfter, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, rates := &worker{answer: failing(attempts-1, http.StatusServiceUnavailable, retryAfter)}, quick()
				rates.MinBackoff, rates.MaxBackoff = first, longest
				enqueue(t, newQueue(t, rates, w), 0, 0)
				pass(2 * attempts * longest)

				wantBackoff(t, w.times(), attempts, first, longest)
			})
		})
	}
}

func wantBackoff(t *testing.T, times []time.Duration, attempts int, first, longest time.Duration) {
	t.Helper()

	if len(times) != attempts {
		t.Fatalf("%d attempts, want %d", len(times), attempts)
	}

	for i, at := range times[1:] {
		if pause, most := at-times[i], min(first<<min(i, 2), longest); pause > most {
			t.Errorf("pause %d = %s, want at most %s", i+1, pause, most)
		}
	}

	// Half of the longest on the average: with 400 attempts and 4 hours it is 800 hours, with a deviation of 23.
	mean := longest * time.Duration(attempts) / 2
	if total := times[attempts-1]; total < mean*3/4 || total > mean*5/4 {
		t.Errorf("%d attempts took %s, want about %s", attempts, total, mean)
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &worker{answer: done}
		q := newQueue(t, quick(), w)
		enqueue(t, q, 0, time.Minute)
		enqueue(t, q, 1, 0)
		enqueue(t, q, 2, 30*time.Second)
		pass(time.Hour)
		wantTimes(t, w, 0, 30*time.Second, time.Minute)

		if w.attempts[0].Page != 1 || w.attempts[1].Page != 2 || w.attempts[2].Page != 0 {
			t.Errorf("attempts = %v, want the pages 1, 2, 0", w.attempts)
		}
	})
}

// TestDuplicates: a name is delivered once, also when it comes again while the task waits, fails, or is long done.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &worker{answer: failing(1, http.StatusServiceUnavailable, "60")}
		q := newQueue(t, quick(), w)

		var racers sync.WaitGroup

		for range 10 {
			racers.Go(func() { enqueue(t, q, 0, time.Minute) })
		}

		racers.Wait()

		for range 4 {
			pass(45 * time.Second)
			enqueue(t, q, 0, 0)
		}

		pass(time.Hour)
		wantTimes(t, w, time.Minute, 2*time.Minute)

		enqueue(t, q, 1, 0) // Another page has another name.
		pass(time.Hour)

		if len(w.attempts) != 4 || w.attempts[3].Page != 1 {
			t.Errorf("attempts = %v, want the next page's, too", w.attempts)
		}
	})
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &worker{answer: func(_ context.Context, attempt int) (int, string) {
			return []int{http.StatusServiceUnavailable, 0, http.StatusTooManyRequests, http.StatusOK}[attempt], ""
		}}
		enqueue(t, newQueue(t, quick(), w), 7, 0)
		pass(time.Hour)

		if len(w.attempts) != 4 {
			t.Fatalf("%d attempts, want 4", len(w.attempts))
		}

		for i, a := range w.attempts {
			want := http.Header{
				"Content-Type":                {"application/json"},
				"X-Cloudtasks-Queuename":      {"embedded"},
				"X-Cloudtasks-Taskname":       {task(7).Name()},
				"X-Cloudtasks-Taskretrycount": {fmt.Sprint(i)},
			}
			if diff := cmp.Diff(want, a.Header); diff != "" || a.Page != 7 {
				t.Errorf("attempt %d of page %d (-want +got):\n%s", i, a.Page, diff)
			}
		}
	})
}

// TestDeadline: an attempt that hangs is given up, and another one made.
func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, rates := &worker{answer: func(ctx context.Context, attempt int) (int, string) {
			if attempt == 0 {
				<-ctx.Done()
			}

			return http.StatusNoContent, ""
		}}, quick()
		rates.Deadline = 10 * time.Minute
		enqueue(t, newQueue(t, rates, w), 0, 0)
		pass(time.Hour)
		wantTimes(t, w, 0, 10*time.Minute)
	})
}

// TestClose ends an attempt under way, and no other follows: none that waits, that pauses, or that is new.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, rates := &worker{answer: func(ctx context.Context, _ int) (int, string) {
			<-ctx.Done()

			return http.StatusNoContent, ""
		}}, quick()
		rates.Concurrent = 1
		q := newQueue(t, rates, w)
		enqueue(t, q, 0, 0)
		synctest.Wait()

		enqueue(t, q, 1, 0) // It waits for the slot.
		enqueue(t, q, 2, time.Minute)
		synctest.Wait()

		closed := time.Now()

		q.Close()

		if took := time.Since(closed); took > 0 {
			t.Errorf("closing took %s, want that it waits for nobody", took)
		}

		if err := q.Enqueue(t.Context(), task(3), 0); err == nil {
			t.Error("a closed queue takes a task")
		}

		pass(time.Hour)
		wantTimes(t, w, 0)
	})
}

// TestCloseWhilePausing: a task in the pause between two attempts is given up, too.
func TestCloseWhilePausing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &worker{answer: func(context.Context, int) (int, string) { return http.StatusTooManyRequests, "60" }}
		q := newQueue(t, quick(), w)
		enqueue(t, q, 0, 0)
		pass(90 * time.Second)
		q.Close()
		pass(time.Hour)
		wantTimes(t, w, 0, time.Minute)
	})
}
