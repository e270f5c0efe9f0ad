package klaviyo

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// heeded is what a limiter learns from an answer: a 429 that bars for so many seconds.
func heeded(l *limiter, seconds int) {
	l.heed(http.StatusTooManyRequests, http.Header{"Retry-After": {strconv.Itoa(seconds)}})
}

func TestShareIsHalvedAndRegained(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limit{Burst: 80, Steady: 800})

		for range 3 { // were under way together
			heeded(l, 10)
		}

		for _, step := range []struct {
			after time.Duration
			want  int
		}{{0, 40}, {10 * time.Second, 40}, {5 * time.Second, 60}, {5 * time.Second, 80}, {time.Hour, 80}} {
			time.Sleep(step.after)

			if got := l.burst(time.Now()); got != step.want {
				t.Errorf("%v later: a burst of %d, want %d", step.after, got, step.want)
			}
		}

		for range 20 {
			heeded(l, 1)
			time.Sleep(1500 * time.Millisecond)
		}

		if got := l.burst(time.Now()); got < 1 || got > 8 {
			t.Errorf("refused again and again: a burst of %d", got)
		}

		if got := newLimiter(Limit{}).burst(time.Now()); got != 0 {
			t.Errorf("without a limit: a burst of %d", got)
		}
	})
}

// What has been regained stays when nothing may start for a while, but it doesn't grow meanwhile.
func TestShareOutlastsAPause(t *testing.T) {
	t.Parallel()

	usedUp := http.Header{"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"5"}}

	for name, tt := range map[string]struct {
		regaining time.Duration
		want      int
	}{
		"all":  {time.Hour, 80},
		"half": {5 * time.Second, 60},
		"none": {0, 40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLimiter(Limit{Burst: 80, Steady: 800})
				heeded(l, 10)
				time.Sleep(10*time.Second + tt.regaining)

				for range 3 { // were under way together
					l.heed(http.StatusOK, usedUp)
				}

				for range 2 { // at once, and at the pause's end
					if got := l.burst(time.Now()); got != tt.want {
						t.Errorf("a burst of %d, want %d", got, tt.want)
					}

					time.Sleep(5 * time.Second)
				}
			})
		})
	}
}

// When the minute is used up, by whomever, nothing is sent to be refused.
func TestUsedUpMinuteHoldsBack(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		header http.Header
		want   time.Duration
	}{
		"used up":          {http.Header{"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"17"}}, 17 * time.Second},
		"something left":   {http.Header{"Ratelimit-Remaining": {"1"}, "Ratelimit-Reset": {"17"}}, 0},
		"no headers":       {http.Header{}, 0},
		"no number":        {http.Header{"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"soon"}}, 0},
		"negative":         {http.Header{"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"-5"}}, 0},
		"more than a year": {http.Header{"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"99999999999999"}}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLimiter(Limit{Burst: 10, Steady: 100})
				l.heed(http.StatusOK, tt.header)

				begin := time.Now()

				if err := l.wait(t.Context(), "test"); err != nil || time.Since(begin) != tt.want {
					t.Errorf("%v after %v, want a start after %v", err, time.Since(begin), tt.want)
				}
			})
		})
	}
}
