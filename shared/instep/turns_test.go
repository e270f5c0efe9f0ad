package instep_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/instep"
)

// taker takes turns, each of which lasts until it is let go with its error.
type taker struct {
	turns *instep.Turns
	all   sync.WaitGroup

	mu  sync.Mutex
	log []string
}

func (k *taker) say(what string) {
	k.mu.Lock()
	defer k.mu.Unlock()

	k.log = append(k.log, what)
}

// take returns when the turn is taken, or waits for another one's.
func (k *taker) take(ctx context.Context, name, id, job string, end <-chan error) {
	k.all.Go(func() {
		err := k.turns.Take(ctx, id, job, func() error {
			k.say(name + " begins")

			return <-end
		})
		if err != nil {
			k.say(name + ": " + err.Error())
		} else {
			k.say(name + " ends")
		}
	})
	synctest.Wait()
}

// now is an end that is there already.
func now(err error) <-chan error {
	end := make(chan error, 1)
	end <- err

	return end
}

func TestTurns(t *testing.T) {
	t.Parallel()

	failed := errors.New("failed")
	ignored := delivery.Ignored("no such variant")

	tests := map[string]struct {
		steps func(*testing.T, *taker)
		want  []string
	}{
		"one after the other": {func(t *testing.T, k *taker) {
			t.Helper()
			k.take(t.Context(), "first", "1", "update", now(nil))
			k.take(t.Context(), "second", "1", "update", now(nil))
		}, []string{"first begins", "first ends", "second begins", "second ends"}},

		// What the first has read may be older than what the second is about.
		"one waits": {func(t *testing.T, k *taker) {
			t.Helper()

			end := make(chan error)
			k.take(t.Context(), "first", "1", "update", end)
			k.take(t.Context(), "second", "1", "update", now(nil))
			k.say("so far")
			end <- nil
		}, []string{"first begins", "so far", "first ends", "second begins", "second ends"}},

		"those who wait are done with one turn": {func(t *testing.T, k *taker) {
			t.Helper()

			end := make(chan error)
			k.take(t.Context(), "first", "1", "update", end)
			k.take(t.Context(), "second", "1", "update", now(nil))
			k.take(t.Context(), "third", "1", "update", nil) // which would never end
			end <- nil
		}, []string{"first begins", "first ends", "second begins", "second ends", "third ends"}},

		"nothing to do is done": {func(t *testing.T, k *taker) {
			t.Helper()

			end := make(chan error)
			k.take(t.Context(), "first", "1", "update", end)
			k.take(t.Context(), "second", "1", "update", now(ignored))
			k.take(t.Context(), "third", "1", "update", nil)
			end <- nil
		}, []string{"first begins", "first ends", "second begins", "second: " + ignored.Error(), "third: " + ignored.Error()}},

		"a failure is nobody else's": {func(t *testing.T, k *taker) {
			t.Helper()

			end := make(chan error)
			k.take(t.Context(), "first", "1", "update", end)
			k.take(t.Context(), "second", "1", "update", now(failed))
			k.take(t.Context(), "third", "1", "update", now(nil))
			end <- nil
		}, []string{"first begins", "first ends", "second begins", "second: failed", "third begins", "third ends"}},

		"another job is another matter": {func(t *testing.T, k *taker) {
			t.Helper()

			end := make(chan error)
			k.take(t.Context(), "first", "1", "update", end)
			k.take(t.Context(), "second", "1", "update", now(nil))
			k.take(t.Context(), "third", "1", "delete", now(nil))
			end <- nil
		}, []string{"first begins", "first ends", "second begins", "second ends", "third begins", "third ends"}},

		"another resource doesn't wait": {func(t *testing.T, k *taker) {
			t.Helper()

			end := make(chan error)
			k.take(t.Context(), "first", "1", "update", end)
			k.take(t.Context(), "second", "2", "update", now(nil))
			end <- nil
		}, []string{"first begins", "second begins", "second ends", "first ends"}},

		"waiting ends with the context": {func(t *testing.T, k *taker) {
			t.Helper()

			ctx, cancel := context.WithCancel(t.Context())
			end := make(chan error)
			k.take(t.Context(), "first", "1", "update", end)
			k.take(ctx, "second", "1", "update", nil)
			k.take(t.Context(), "third", "1", "update", now(nil))
			cancel()
			synctest.Wait()
			end <- nil
		}, []string{"first begins", "second: instep: wait for the turn: context canceled", "first ends", "third begins", "third ends"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				k := &taker{turns: instep.NewTurns()}
				tt.steps(t, k)
				k.all.Wait()

				// The one who ends a turn and the one who begins the next are not told apart in time.
				if diff := cmp.Diff(tt.want, k.log); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}

				if n := k.turns.InHand(); n != 0 {
					t.Errorf("%d resources are still remembered", n)
				}
			})
		})
	}
}

// A turn that panics is over.
func TestPanic(t *testing.T) {
	t.Parallel()

	turns := instep.NewTurns()

	func() {
		defer func() { _ = recover() }()

		_ = turns.Take(t.Context(), "1", "update", func() error { panic("at the disco") })
	}()

	if n := turns.InHand(); n != 0 {
		t.Errorf("%d resources are still remembered", n)
	}

	if err := turns.Take(t.Context(), "1", "update", func() error { return nil }); err != nil {
		t.Error(err)
	}
}
