package framework

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slow answers 204 after so long, and 503 when it is cut off before.
func slow(takes time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(takes):
			w.WriteHeader(http.StatusNoContent)
		case <-r.Context().Done():
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
}

func send(t *testing.T, h http.Handler) (status int, connection string) {
	t.Helper()

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody))

	return w.Code, w.Header().Get("Connection")
}

type ending struct {
	handler  http.Handler
	requests int
	// status is what those are answered with in time, 0 for not at all.
	status int
	// least and most bound how long it takes.
	least, most time.Duration
}

func TestWait(t *testing.T) {
	t.Parallel()

	stubborn := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) })

	for name, e := range map[string]ending{
		"nothing in flight":        {slow(0), 0, 204, quiet, 2 * quiet},
		"requests that finish":     {slow(3 * time.Second), 50, 204, 3*time.Second + quiet, 3*time.Second + 2*quiet},
		"requests that are cut":    {slow(time.Minute), 50, 503, CutAfter + quiet, CutAfter + 2*quiet},
		"requests that don't obey": {stubborn, 1, 0, EndAfter, EndAfter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, e.run)
		})
	}
}

func (e ending) run(t *testing.T) {
	d := newDrain(e.handler)

	var expected atomic.Int64

	for range e.requests {
		go func() {
			status, _ := send(t, d)
			if status == e.status {
				expected.Add(1)
			}
		}()
	}

	synctest.Wait()

	begin := time.Now()
	d.wait()

	if took := time.Since(begin); took < e.least || took > e.most {
		t.Errorf("it took %v, want %v to %v", took, e.least, e.most)
	}

	if n := expected.Load(); e.status != 0 && n != int64(e.requests) {
		t.Errorf("%d of %d requests were answered with %d", n, e.requests, e.status)
	}

	time.Sleep(time.Hour) // until the stubborn one's end
}

// While the process ends, whoever still comes is answered, and told not to use the connection again.
func TestLateRequests(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		d := newDrain(slow(100 * time.Millisecond))

		if _, connection := send(t, d); connection != "" {
			t.Errorf("before the end: Connection: %s", connection)
		}

		ended := make(chan struct{})

		go func() {
			defer close(ended)

			d.wait()
		}()

		synctest.Wait()

		for range 10 {
			if status, connection := send(t, d); status != http.StatusNoContent || connection != "close" {
				t.Errorf("late: %d, Connection: %s", status, connection)
			}

			time.Sleep(50 * time.Millisecond)

			select {
			case <-ended:
				t.Fatal("it ended while requests came")
			default:
			}
		}

		<-ended
	})
}
