package customerevents

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// A message's line counts the requests that were sent for it, repeats and tokens included, and none of another message's.
func TestLineCountsRequests(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		unavailable := faulttest.Fault{Status: http.StatusServiceUnavailable}
		s := open(t, functiontest.Options{
			InMemory:        true,
			AtCommercetools: functiontest.First("/customers", unavailable),
			AtKlaviyo:       functiontest.First("/api/profile-import", unavailable),
		})
		s.Commercetools.Put("customers", customer(t, nil))

		for i, tokens := range []int{1, 0} {
			s.Done(t, change(t, "ResourceUpdated"))

			want := len(s.Requests()) + tokens
			if line := s.LastLine(t); line["requests"] != float64(want) || line["resource_type"] != "customer" || line["resource_id"] != id {
				t.Errorf("message %d: the line %v, want %d requests", i+1, line, want)
			}
		}
	})
}
