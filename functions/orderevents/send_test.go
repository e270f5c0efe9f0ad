package orderevents

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// slow is a Klaviyo that takes a second to answer.
type slow struct {
	status   int
	requests atomic.Int64
}

func (s *slow) RoundTrip(*http.Request) (*http.Response, error) {
	s.requests.Add(1)
	time.Sleep(time.Second)

	return &http.Response{StatusCode: s.status, Body: http.NoBody}, nil
}

func TestSend(t *testing.T) {
	t.Parallel()

	const events = 5 * parallel

	tests := map[string]struct {
		status   int
		requests int64
		took     time.Duration
		fails    bool
	}{
		"a few at once":                             {http.StatusAccepted, events, 5 * time.Second, false},
		"what is refused ends none":                 {http.StatusBadRequest, events, 5 * time.Second, true},
		"the first that may succeed later ends all": {http.StatusUnauthorized, parallel, time.Second, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				kl := &slow{status: tt.status}
				h := handler{kl: klaviyo.New(klaviyo.Config{Transport: kl, Limits: map[string]klaviyo.Limit{}})}

				started := time.Now()
				err := h.send(t.Context(), make([]klaviyo.Event, events))

				if n, took := kl.requests.Load(), time.Since(started); n != tt.requests || took != tt.took || (err != nil) != tt.fails {
					t.Errorf("%d requests took %s, error %v; want %d in %s", n, took, err, tt.requests, tt.took)
				}
			})
		})
	}
}
