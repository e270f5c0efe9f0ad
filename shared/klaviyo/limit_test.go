package klaviyo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func limits() map[string]Limit {
	return map[string]Limit{
		"medium":      {Burst: 10, Steady: 150},
		"large":       {Burst: 75, Steady: 750},
		"burst only":  {Burst: 7},
		"steady only": {Steady: 20},
		"odd":         {Burst: 3, Steady: 7},
		"one":         {Burst: 1, Steady: 15},
	}
}

// starts lets many goroutines through a limiter and returns when each started.
func starts(t *testing.T, l *limiter, goroutines, each int, pause func() time.Duration) []time.Time {
	t.Helper()

	var (
		mu  sync.Mutex
		all []time.Time
		wg  sync.WaitGroup
	)

	for range goroutines {
		wg.Go(func() {
			for range each {
				if err := l.wait(t.Context(), "test"); err != nil {
					t.Error(err)
				}

				mu.Lock()
				all = append(all, time.Now())
				mu.Unlock()
				time.Sleep(pause())
			}
		})
	}

	wg.Wait()
	slices.SortFunc(all, time.Time.Compare)

	return all
}

// checkWindows fails when more than most starts fall into any window of this length, borders included.
func checkWindows(t *testing.T, all []time.Time, most int, window time.Duration) {
	t.Helper()

	for i := most; most > 0 && i < len(all); i++ {
		if got := all[i].Sub(all[i-most]); got <= window {
			t.Fatalf("starts %d to %d lie within %v, at most %d may within %v", i-most, i, got, most, window)
		}
	}
}

func TestLimiterNeverExceedsAWindow(t *testing.T) {
	t.Parallel()

	for name, limit := range limits() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(1, 2))

				var mu sync.Mutex

				all := starts(t, newLimiter(limit), 40, 50, func() time.Duration {
					mu.Lock()
					defer mu.Unlock()

					return time.Duration(random.Int64N(int64(3 * time.Second)))
				})

				if len(all) != 2000 {
					t.Fatalf("%d of 2000 started", len(all))
				}

				checkWindows(t, all, limit.Burst, time.Second)
				checkWindows(t, all, limit.Steady, time.Minute)
			})
		})
	}
}

func TestLimiterUsesTheRate(t *testing.T) {
	t.Parallel()

	for name, limit := range limits() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				const requests = 3000

				begin := time.Now()
				all := starts(t, newLimiter(limit), 100, requests/100, func() time.Duration { return 0 })
				checkWindows(t, all, limit.Burst, time.Second)
				checkWindows(t, all, limit.Steady, time.Minute)

				// The first window is free: so many requests take one window less.
				perSecond := float64(limit.Steady) / 60
				if limit.Steady == 0 {
					perSecond = float64(limit.Burst)
				}

				took := all[len(all)-1].Sub(begin).Seconds()
				if rate := requests / took; rate < 0.85*perSecond {
					t.Errorf("%.2f requests a second, published are %.2f", rate, perSecond)
				}
			})
		})
	}
}

func TestLimiterIsFirstComeFirstServed(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limit{Burst: 2, Steady: 1000})

		var (
			mu    sync.Mutex
			order []int
			want  []int
			wg    sync.WaitGroup
		)

		for i := range 50 {
			want = append(want, i)

			wg.Go(func() {
				if err := l.wait(t.Context(), "test"); err != nil {
					t.Error(err)
				}

				mu.Lock()
				order = append(order, i)
				mu.Unlock()
			})
			// All are in the queue before the next comes.
			synctest.Wait()
		}

		wg.Wait()

		if diff := cmp.Diff(want, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}

// A request knows at once when its turn will be: one that may wait that long gets it then, one that may not fails at once.
func TestLimiterFailsAtOnceWhenTheDeadlineIsNearer(t *testing.T) {
	t.Parallel()

	for name, limit := range limits() {
		for _, queue := range []int{0, 1, 5, 40, 400} {
			t.Run(fmt.Sprint(name, " behind ", queue), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { checkTurn(t, busy(t, limit, queue)) })
			})
		}
	}
}

// busy is a limiter that has been used, that Klaviyo blocks for a while, and that so many wait for.
func busy(t *testing.T, limit Limit, queue int) *limiter {
	t.Helper()

	l := newLimiter(limit)

	for range 5 {
		if err := l.wait(t.Context(), "test"); err != nil {
			t.Fatal(err)
		}

		time.Sleep(300 * time.Millisecond)
	}

	l.block(2 * time.Second)

	for range queue {
		go func() { _ = l.wait(t.Context(), "test") }()

		synctest.Wait()
	}

	return l
}

func checkTurn(t *testing.T, l *limiter) {
	t.Helper()

	begin := time.Now()

	brief, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()

	err := l.wait(brief, "POST /x")

	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status != http.StatusTooManyRequests || e.Operation != "POST /x" || e.RetryAfter <= 0 || time.Since(begin) > 0 {
		t.Fatalf("after %v: %v", time.Since(begin), err)
	}

	enough, cancel := context.WithTimeout(t.Context(), e.RetryAfter+time.Nanosecond)
	defer cancel()

	if err := l.wait(enough, "POST /x"); err != nil {
		t.Fatalf("told to wait %v, but then: %v", e.RetryAfter, err)
	}

	if took := time.Since(begin); took != e.RetryAfter {
		t.Errorf("the turn came after %v, foretold were %v", took, e.RetryAfter)
	}
}

func TestLimiterLeavesTheQueueWhenTheContextEnds(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limit{Burst: 1, Steady: 2})

		for range 2 {
			if err := l.wait(t.Context(), "test"); err != nil {
				t.Fatal(err)
			}
		}

		ctx, cancel := context.WithCancel(t.Context())

		for range 100 {
			go func() {
				if err := l.wait(ctx, "test"); !errors.Is(err, context.Canceled) {
					t.Errorf("error %v", err)
				}
			}()
		}

		synctest.Wait()
		cancel()
		synctest.Wait()

		// Nobody who went has taken a place along.
		checkTurn(t, l)

		if l.queue != 0 {
			t.Errorf("%d in the queue", l.queue)
		}
	})
}

func TestLimiterBlockHoldsThoseWhoWait(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limit{})
		begin := time.Now()

		l.block(5 * time.Second)
		l.block(time.Second) // a shorter one does not take it back

		var wg sync.WaitGroup

		for range 10 {
			wg.Go(func() {
				if err := l.wait(t.Context(), "test"); err != nil {
					t.Error(err)
				}

				if took := time.Since(begin); took != 8*time.Second {
					t.Errorf("started after %v", took)
				}
			})
		}

		time.Sleep(4 * time.Second)
		l.block(4 * time.Second)
		wg.Wait()
	})
}
