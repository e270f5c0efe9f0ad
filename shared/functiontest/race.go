package functiontest

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/faulttest"
)

// Duplicates delivers a payload, and, while that is being written, 9 times more at once. All must be acknowledged. The shop
// has to be in memory, and its Klaviyo to be [Slow].
func (s *Shop) Duplicates(t *testing.T, payload string) {
	t.Helper()

	var all sync.WaitGroup

	for range 10 {
		all.Go(func() { s.Acknowledged(t, payload) })
		synctest.Wait() // the first is at Klaviyo, the others wait
	}

	all.Wait()
}

// Slow lets all requests take a moment, less than would make a message look again.
func Slow(*http.Request) faulttest.Fault { return faulttest.Fault{Delay: 100 * time.Millisecond} }

// Overtaken lets a request be overtaken: at the first whose method and path begin with a text it does something else from
// start to end, and lets the request go on only after a time. It must not be used before do is there.
func Overtaken(text string, do func()) func(*http.Request) faulttest.Fault {
	first := First(text, faulttest.Fault{Delay: 15 * time.Second})

	return func(r *http.Request) faulttest.Fault {
		f := first(r)
		if f.Delay > 0 {
			do()
		}

		return f
	}
}
