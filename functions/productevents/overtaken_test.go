package productevents

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// race is two messages about two states of the shirt.
type race struct {
	first, second string // message types
	// then and now are the SKUs before and after, nil when the product isn't published.
	then, now []string
}

// Between the reading and the writing of one message another one, about a newer change, is handled from start to end. The
// older state is written last, but it must not stay.
func TestOvertaken(t *testing.T) {
	t.Parallel()

	tests := map[string]race{
		"published":   {"ProductPublished", "ProductPublished", []string{"A", "B"}, []string{"B", "C"}},
		"unpublished": {"ProductPublished", "ProductUnpublished", []string{"A"}, nil},
		"republished": {"ProductUnpublished", "ProductPublished", nil, []string{"A"}},
	}
	for name, tt := range tests {
		for _, at := range []string{"PATCH /api/catalog-items", "POST /api/catalog-variants", "DELETE"} {
			t.Run(name+" at "+at, func(t *testing.T) {
				t.Parallel()
				tt.run(t, at)
			})
		}
	}
}

// run lets the second message overtake the first at the first such request, or follow when there is none.
func (r race) run(t *testing.T, at string) {
	t.Helper()

	var (
		s        *functiontest.Shop
		overtake atomic.Bool
	)

	follow := func() {
		publish(t, s, 7, r.now)
		s.Acknowledged(t, message(t, r.second, 7))
	}

	s = before(t, functiontest.Options{AtKlaviyo: func(r *http.Request) faulttest.Fault {
		if strings.HasPrefix(r.Method+" "+r.URL.Path, at) && overtake.CompareAndSwap(true, false) {
			follow()
		}

		return faulttest.Fault{}
	}}, true)

	publish(t, s, 5, r.then)
	overtake.Store(true)
	// When the item goes in between, its variants can't be written, and the message comes again.
	for s.Deliver(t, message(t, r.first, 5)) != http.StatusNoContent { //nolint:revive // as often as Pub/Sub would
	}

	if overtake.Load() {
		follow()
	}

	want := nothing()
	if r.now != nil {
		want = shirts(r.now...)
	}

	expectCatalog(t, s, want)
}
