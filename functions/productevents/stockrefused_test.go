package productevents

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// An API client may see what is published, and not the inventory. Then what the product says about its stock counts. What
// another than commercetools says doesn't tell that, and the message comes again.
func TestStockRefused(t *testing.T) {
	t.Parallel()

	own := func(status int, code string) faulttest.Fault {
		return faulttest.Fault{Status: status, Body: `{"message":"No.","errors":[{"code":"` + code + `","message":"No."}]}`}
	}

	for name, tt := range map[string]struct {
		fault faulttest.Fault
		want  any // what the log says went wrong; nil when the message comes again
	}{
		"without the scope": {own(403, "insufficient_scope"), "commercetools: GET /demo/inventory: status 403 insufficient_scope: No."},
		"not understood":    {own(400, "InvalidInput"), "commercetools: GET /demo/inventory: status 400 InvalidInput: No."},
		"not there":         {own(404, "ResourceNotFound"), "commercetools: GET /demo/inventory: status 404 ResourceNotFound: No."},
		"a proxy's 403":     {faulttest.Fault{Status: 403, Body: "<html>"}, nil},
		"a proxy's 404":     {faulttest.Fault{Status: 404, Body: "<html>"}, nil},
		"out of order":      {faulttest.Fault{Status: 500, RetryAfter: functiontest.AnHour}, nil},
		"a broken line":     {faulttest.Fault{ResetBefore: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := before(t, functiontest.Options{AtCommercetools: func(r *http.Request) faulttest.Fault {
				if r.URL.Path == "/demo/inventory" {
					return tt.fault
				}

				return faulttest.Fault{}
			}}, true)
			publish(t, s, 5, []string{"A", "B"})

			status, want := http.StatusServiceUnavailable, old()
			if tt.want != nil {
				status, want = http.StatusNoContent, shirts("A", "B")
			}

			if got := s.Deliver(t, message(t, "ProductPublished", 5)); got != status {
				t.Errorf("status %d, want %d", got, status)
			}

			expectCatalog(t, s, want)

			told, _ := s.LastLine(t)["stock"].(object)
			if diff := cmp.Diff(tt.want, told["error"]); diff != "" {
				t.Errorf("the log of the stock (-want +got):\n%s", diff)
			}
		})
	}
}
