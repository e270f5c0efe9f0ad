package productevents

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// All come at once, in this order, with this much time, and each takes 10 seconds.
func TestRoom(t *testing.T) {
	t.Parallel()

	const ever = time.Hour

	type product struct {
		requests int
		left     time.Duration
	}

	type done struct {
		After time.Duration
		Error string
	}

	for name, tt := range map[string]struct {
		products []product
		want     []done
	}{
		"small ones side by side": {
			[]product{{5, ever}, {20, ever}, {25, ever}},
			[]done{{10 * time.Second, ""}, {10 * time.Second, ""}, {10 * time.Second, ""}},
		},
		"one that needs all the room goes alone": {
			[]product{{5, ever}, {50, ever}, {5, ever}},
			[]done{{10 * time.Second, ""}, {20 * time.Second, ""}, {30 * time.Second, ""}},
		},
		"one that needs more goes alone, too": {
			[]product{{102, ever}, {1, ever}},
			[]done{{10 * time.Second, ""}, {20 * time.Second, ""}},
		},
		"time for it": {
			[]product{{50, ever}, {30, 16 * time.Second}},
			[]done{{10 * time.Second, ""}, {20 * time.Second, ""}},
		},
		"no time left for it": {
			[]product{{50, ever}, {30, 15 * time.Second}, {50, ever}},
			[]done{{10 * time.Second, ""}, {10 * time.Second, errTooLate.Error()}, {20 * time.Second, ""}},
		},
		"no room in time": {
			[]product{{50, ever}, {1, 9 * time.Second}},
			[]done{{10 * time.Second, ""}, {9 * time.Second, "productevents: wait for room: context deadline exceeded"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, began, got := newRoom(), time.Now(), make([]done, len(tt.products))

				var all sync.WaitGroup

				for i, p := range tt.products {
					all.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), p.left)
						defer cancel()

						err := r.take(ctx, p.requests, func() error {
							time.Sleep(10 * time.Second)

							return nil
						})
						got[i].After = time.Since(began)

						if err != nil {
							got[i].Error = err.Error()
						}
					})
					synctest.Wait() // it waits, or has begun
				}

				all.Wait()

				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("done (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What fails makes room as well, and tells why.
func TestRoomAfterFailure(t *testing.T) {
	t.Parallel()

	r, broken := newRoom(), errors.New("broken")

	for range 2 {
		if err := r.take(t.Context(), roomFor, func() error { return broken }); !errors.Is(err, broken) {
			t.Errorf("error %v, want %v", err, broken)
		}
	}
}
