package klaviyo

import (
	"net/http"
	"strconv"
	"time"

	"github.com/ctklaviyo/connector/shared/retry"
)

// The limits are the account's, and other processes take their share of them without our seeing it. So each begins with all
// of the burst limit, takes half as much when Klaviyo refuses a request, and regains it step by step, as connections share
// a line: it takes regain to get from nothing to all. The steady limit needs no share: Klaviyo tells when it is used up.
const regain = 20 * time.Second

// heed learns from the headers of an answer. A 429 says when to come again; any other says what is left of the minute.
// Source: https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling.
func (l *limiter) heed(status int, h http.Header) {
	if status == http.StatusTooManyRequests {
		l.slow()
		l.block(retry.After(h))

		return
	}

	if h.Get("Ratelimit-Remaining") != "0" {
		return
	}

	if seconds, err := strconv.Atoi(h.Get("Ratelimit-Reset")); err == nil && seconds > 0 {
		l.block(time.Duration(min(seconds, 60)) * time.Second)
	}
}

// slow halves the share, once for all that were under way together.
func (l *limiter) slow() {
	l.mu.Lock()
	defer l.mu.Unlock()

	if now := time.Now(); now.After(l.blocked) && now.Sub(l.slowed) > burstWindow {
		l.share, l.since, l.slowed = l.shareAt(now)/2, now, now
	}
}

// shareAt is the share as it has grown since it was noted. Time in which nothing may start doesn't count.
func (l *limiter) shareAt(now time.Time) float64 {
	grown := max(0, now.Sub(later(l.since, l.blocked)))

	return min(1, l.share+grown.Seconds()/regain.Seconds())
}

// burst is how many requests may start within a second; 0 is no limit.
func (l *limiter) burst(now time.Time) int {
	return min(l.limit.Burst, max(1, int(l.shareAt(now)*float64(l.limit.Burst))))
}
