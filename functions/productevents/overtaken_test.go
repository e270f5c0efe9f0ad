package productevents

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/ctklaviyo/connector/shared/functiontest"
)

// race is two messages about two states of the shirt.
type race struct {
	first, second string // message types
	// then and now are the SKUs before and after, nil when the product isn't published.
	then, now []string
}

// Between the reading and the writing of one message another instance handles one about a newer change from start to end.
// The older state is written last, but it must not stay.
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
				synctest.Test(t, func(t *testing.T) { tt.run(t, at) })
			})
		}
	}
}

// run lets the second message overtake the first at the first such request, or follow when there is none.
func (r race) run(t *testing.T, at string) {
	t.Helper()

	var (
		s        *functiontest.Shop
		other    http.HandlerFunc
		followed bool
	)

	follow := func() {
		if followed {
			return
		}

		followed = true

		publish(t, s, 7, r.now)

		if status := functiontest.Deliver(t, other, message(t, r.second, 7)); status != http.StatusNoContent {
			t.Errorf("the newer message: status %d, want 204", status)
		}
	}

	s = before(t, functiontest.Options{InMemory: true, AtKlaviyo: functiontest.Overtaken(at, func() { follow() })}, true)
	other = s.Instance(t)

	publish(t, s, 5, r.then)
	// When the item goes in between, its variants can't be written, and the message comes again.
	s.UntilAcknowledged(t, message(t, r.first, 5))
	follow()

	want := nothing()
	if r.now != nil {
		want = shirts(r.now...)
	}

	expectCatalog(t, s, want)
}

// However many messages there are about a product, they cost two turns: the one that is in hand when they come, and one for
// all of them.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := before(t, functiontest.Options{InMemory: true, AtKlaviyo: functiontest.Slow}, true)
		publish(t, s, 5, []string{"A", "X"})
		// The product, the stock of its variants; the item, which variants it has, both of them.
		s.Done(t, message(t, "ProductPublished", 5))
		s.ExpectRequests(t, 2, 4)
		s.Duplicates(t, message(t, "ProductPublished", 5))
		s.ExpectRequests(t, 4, 8)
		s.Duplicates(t, message(t, "ProductUnpublished", 5))
		s.ExpectRequests(t, 2, 2)
	})
}
