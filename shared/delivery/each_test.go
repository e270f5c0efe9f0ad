package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/delivery"
)

var errPanics = errors.New("panics")

// part takes a second, half of one if it fails: then the others of its lot aren't done yet.
func part(ctx context.Context, done *atomic.Int64, fails error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}

	done.Add(1)
	time.Sleep(time.Second / 2)

	if errors.Is(fails, errPanics) {
		panic(fails)
	}

	if fails == nil {
		time.Sleep(time.Second / 2)
	}

	return fails
}

func TestEach(t *testing.T) {
	t.Parallel()

	const parts = 50

	never, later, ignored := delivery.Unreadable("no"), errors.New("busy"), delivery.Ignored("none")

	tests := map[string]struct {
		fails map[int]error // by the number of the part
		done  int64
		took  time.Duration
		want  string
	}{
		"some at once":                        {nil, parts, 5 * time.Second, "<nil>"},
		"what never succeeds ends none":       {map[int]error{0: never}, parts, 5 * time.Second, never.Error()},
		"nothing to do ends none":             {map[int]error{0: ignored}, parts, 5 * time.Second, ignored.Error()},
		"never goes before nothing to do":     {map[int]error{0: ignored, 7: never}, parts, 5 * time.Second, never.Error()},
		"what may succeed later ends all":     {map[int]error{3: later}, 10, time.Second, later.Error()},
		"later goes before never, whenever":   {map[int]error{0: never, 45: later}, parts, 5 * time.Second, later.Error()},
		"a panic in one is that of a handler": {map[int]error{3: errPanics}, 10, time.Second, "delivery: panic"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var done atomic.Int64

				all := make([]int, parts)
				for i := range all {
					all[i] = i
				}

				started := time.Now()
				err := delivery.Each(t.Context(), all, func(ctx context.Context, i int) error { return part(ctx, &done, tt.fails[i]) })

				if took := time.Since(started); fmt.Sprint(err) != tt.want || done.Load() != tt.done || took != tt.took {
					t.Errorf("error %v, %d done in %v; want %s, %d in %v", err, done.Load(), took, tt.want, tt.done, tt.took)
				}
			})
		})
	}
}
