package instep_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/instep"
)

// states are what a resource is at each reading, and how long the writing takes then.
type states []struct {
	is      string
	reading error
	takes   time.Duration
	writing error
}

func TestSync(t *testing.T) {
	t.Parallel()

	const (
		fast = 499 * time.Millisecond
		slow = 500 * time.Millisecond
	)

	failed := errors.New("failed")

	tests := map[string]struct {
		states states
		want   []string // what is written
		err    error
	}{
		"prompt":                {states{{is: "a", takes: fast}}, []string{"a"}, nil},
		"slow":                  {states{{is: "a", takes: slow}, {is: "a"}}, []string{"a"}, nil},
		"slow, and overtaken":   {states{{is: "a", takes: slow}, {is: "b"}}, []string{"a", "b"}, nil},
		"slow, twice overtaken": {states{{is: "a", takes: slow}, {is: "b", takes: slow}, {is: "a", takes: slow}, {is: "a"}}, []string{"a", "b", "a"}, nil},
		"not read":              {states{{reading: failed}}, nil, failed},
		"not written":           {states{{is: "a", takes: slow, writing: failed}}, []string{"a"}, failed},
		"not looked at again":   {states{{is: "a", takes: slow}, {reading: failed}}, []string{"a"}, failed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var (
					written []string
					at      = -1
				)

				err := instep.Sync(t.Context(), func(context.Context) (string, error) {
					at++

					return tt.states[at].is, tt.states[at].reading
				}, func(_ context.Context, state string) error {
					time.Sleep(tt.states[at].takes)

					written = append(written, state)

					return tt.states[at].writing
				})

				if diff := cmp.Diff(tt.want, written); diff != "" || !errors.Is(err, tt.err) || at != len(tt.states)-1 {
					t.Errorf("error %v after %d readings, want %v after %d; written (-want +got):\n%s", err, at+1, tt.err, len(tt.states), diff)
				}
			})
		})
	}
}
