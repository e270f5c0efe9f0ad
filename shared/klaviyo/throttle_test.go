package klaviyo_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// throttles answers 429 on a path until some time.
func throttles(path string, until time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if left := time.Until(until); left > 0 && r.URL.Path == path {
			w.Header().Set("Retry-After", fmt.Sprint(left.Seconds()))
			answer(w, http.StatusTooManyRequests, "")

			return
		}

		answer(w, http.StatusOK, created)
	}
}

func TestRetryAfterHoldsAllCallersBack(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		c := client(inMemory(throttles("/api/profile-import", begin.Add(20*time.Second))))

		first := make(chan error)

		go func() {
			_, err := c.UpsertProfile(t.Context(), ann())
			first <- err
		}()

		synctest.Wait()

		// Another operation has a limit of its own.
		if _, err := c.CreateProfile(t.Context(), ann()); err != nil || time.Since(begin) > 0 {
			t.Errorf("create: %v after %v", err, time.Since(begin))
		}

		// Without the patience for it the caller hears at once when to come again, and nothing is sent.
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()

		_, err := c.UpsertProfile(ctx, ann())
		if e := apiError(t, err); e.Status != http.StatusTooManyRequests || e.RetryAfter != 20*time.Second || time.Since(begin) > 0 {
			t.Errorf("error %v after %v", err, time.Since(begin))
		}

		if _, err := c.UpsertProfile(t.Context(), ann()); err != nil || time.Since(begin) < 20*time.Second {
			t.Errorf("error %v after %v", err, time.Since(begin))
		}

		if err := <-first; err != nil || c.Requests() != 4 {
			t.Errorf("error %v, %d requests", err, c.Requests())
		}
	})
}

func TestLimitsAreKept(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name   string
		limits map[string]klaviyo.Limit
		want   time.Duration
	}{
		{"published", nil, time.Minute},
		{"own", map[string]klaviyo.Limit{"get_bulk_import_profiles_job": {Burst: 100}}, time.Second},
		{"none", map[string]klaviyo.Limit{}, 0},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()

				c := klaviyo.New(klaviyo.Config{
					APIURL: "https://klaviyo.test", Limits: tt.limits,
					Transport: inMemory(func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, created) }),
				})

				for range 151 {
					if _, err := c.ImportJob(t.Context(), "J"); err != nil {
						t.Fatal(err)
					}
				}

				if took := time.Since(begin); took.Truncate(time.Second) != tt.want {
					t.Errorf("151 requests took %v", took)
				}
			})
		})
	}
}

// What the client's limit lets through, Klaviyo's fixed windows take, wherever they begin.
func TestLimitsSatisfyKlaviyo(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		fake := klaviyotest.New(klaviyotest.Options{Limits: true})
		c := client(inMemory(fake.ServeHTTP))

		time.Sleep(700 * time.Millisecond)

		var wg sync.WaitGroup

		for range 20 {
			wg.Go(func() {
				for range 100 {
					if _, err := c.UpsertProfile(t.Context(), ann()); err != nil {
						t.Error(err)
					}
				}
			})
		}

		wg.Wait()

		if fake.Throttled() != 0 || fake.Requests() != 2000 {
			t.Errorf("%d of %d requests were throttled", fake.Throttled(), fake.Requests())
		}
	})
}

// An account's limits are for all its clients. The client repeats what is throttled; when the others were faster each time,
// its caller comes again, as a task does.
func TestThrottledRequestsGetThrough(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		fake := klaviyotest.New(klaviyotest.Options{Limits: true})

		var wg sync.WaitGroup

		for range 2 {
			c := client(inMemory(fake.ServeHTTP))

			wg.Go(func() {
				for range 200 {
					untilAnswered(t, c)
				}
			})
		}

		wg.Wait()

		if answered := fake.Requests() - fake.Throttled(); fake.Throttled() == 0 || answered != 400 {
			t.Errorf("%d throttled, %d answered", fake.Throttled(), answered)
		}
	})
}

func untilAnswered(t *testing.T, c *klaviyo.Client) {
	t.Helper()

	for {
		_, err := c.ImportJob(t.Context(), "J")

		switch apiError(t, err).Status {
		case http.StatusNotFound:
			return
		case http.StatusTooManyRequests:
		default:
			t.Error(err)

			return
		}
	}
}
