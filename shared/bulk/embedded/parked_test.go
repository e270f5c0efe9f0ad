package embedded_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
)

func TestParked(t *testing.T) {
	t.Parallel()

	store := bulktest.NewStore(t)
	park := func(data string) {
		t.Helper()

		if err := store.Park(t.Context(), []byte(data), map[string]string{"reason": data}); err != nil {
			t.Fatal(err)
		}
	}

	before := time.Now()

	park("first")
	park("second")
	park("third")

	for _, number := range []uint64{3, 2, 7} {
		if err := store.Unpark(t.Context(), number); err != nil {
			t.Fatal(err)
		}
	}

	park("fourth") // A number that was taken out isn't given again.

	got, err := store.Parked(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	want := []embedded.Parked{
		{Number: 1, Data: []byte("first"), Attributes: map[string]string{"reason": "first"}},
		{Number: 4, Data: []byte("fourth"), Attributes: map[string]string{"reason": "fourth"}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(embedded.Parked{}, "ParkedAt")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	for _, p := range got {
		if p.ParkedAt.Before(before) || p.ParkedAt.After(time.Now()) {
			t.Errorf("parked at %v, want now", p.ParkedAt)
		}
	}
}
