package functiontest

import (
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/ctklaviyo/connector/shared/faulttest"
)

// AnHour is a Retry-After that is longer than a message may take, so that the clients hand the answer on at once.
const AnHour = "3600"

// First lets a fault happen at the first request whose method and path contain a text, and at none after.
func First(text string, f faulttest.Fault) func(*http.Request) faulttest.Fault {
	return Nth(1, text, f)
}

// Nth lets it happen at the nth request.
func Nth(n int64, text string, f faulttest.Fault) func(*http.Request) faulttest.Fault {
	var seen atomic.Int64

	return func(r *http.Request) faulttest.Fault {
		if strings.Contains(r.Method+" "+r.URL.Path, text) && seen.Add(1) == n {
			return f
		}

		return faulttest.Fault{}
	}
}
