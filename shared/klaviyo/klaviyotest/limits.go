package klaviyotest

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// windows count requests as Klaviyo does: by operation, in fixed windows of a second (burst) and a minute (steady).
type windows struct {
	limits map[string]klaviyo.Limit

	mu     sync.Mutex
	counts map[string]*counts
}

type counts struct{ burst, steady window }

type window struct {
	start time.Time
	count int
}

func newWindows(limits map[string]klaviyo.Limit) *windows {
	return &windows{limits: limits, counts: map[string]*counts{}}
}

// admit counts a request and sets the headers that tell of the limit: how much is left, or when to come again.
func (ws *windows) admit(w http.ResponseWriter, operation string) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()

	now := time.Now()
	limit := ws.limits[operation]

	c := ws.counts[operation]
	if c == nil {
		c = &counts{}
		ws.counts[operation] = c
	}

	second := c.burst.roll(now, time.Second)
	minute := c.steady.roll(now, time.Minute)

	if c.steady.count >= limit.Steady || c.burst.count >= limit.Burst {
		wait := second
		if c.steady.count >= limit.Steady {
			wait = minute
		}

		w.Header().Set("Retry-After", seconds(wait))

		return false
	}

	c.burst.count++
	c.steady.count++

	w.Header().Set("Ratelimit-Limit", strconv.Itoa(limit.Steady))
	w.Header().Set("Ratelimit-Remaining", strconv.Itoa(limit.Steady-c.steady.count))
	w.Header().Set("Ratelimit-Reset", seconds(minute))

	return true
}

// roll begins a new window when the old one is over, and returns how long the window still lasts.
func (w *window) roll(now time.Time, length time.Duration) time.Duration {
	if start := now.Truncate(length); !start.Equal(w.start) {
		*w = window{start: start}
	}

	return w.start.Add(length).Sub(now)
}

func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }
