package instep

import (
	"context"
	"fmt"
	"sync"

	"github.com/ctklaviyo/connector/shared/delivery"
)

// Turns lets the messages about one resource take turns, and those about different ones not wait for each other. All
// messages of a function in a process have to share one. It remembers only what is in hand.
type Turns struct {
	mu        sync.Mutex
	resources map[string]*resource
}

// NewTurns returns turns that nobody has taken.
func NewTurns() *Turns { return &Turns{resources: map[string]*resource{}} }

// resource is one that is in hand. Turns.mu guards all but busy.
type resource struct {
	// busy holds a value while somebody has the turn.
	busy chan struct{}
	// here is how many have the turn or wait for it.
	here int
	// begun counts the turns.
	begun int
	// done are the last turns that came to an end, by what they did.
	done map[string]turn
}

// turn is one that is done with: it succeeded, or found that there was nothing to do.
type turn struct {
	number int
	err    error
}

// Take does something about a resource when nobody else does. job names what do does: when somebody who came here first
// or meanwhile has begun the same job since this call, and is done with it by [delivery.Classify], that was it, and Take
// returns what do returned there. What fails is shared with nobody. Waiting ends with the context.
func (t *Turns) Take(ctx context.Context, resourceID, job string, do func() error) error {
	r, begun := t.join(resourceID)
	defer t.leave(resourceID, r)

	select {
	case r.busy <- struct{}{}:
		defer func() { <-r.busy }()
	case <-ctx.Done():
		return fmt.Errorf("instep: wait for the turn: %w", ctx.Err())
	}

	if last := t.last(r, job); last.number > begun {
		return last.err
	}

	number := t.begin(r)

	err := do()
	if delivery.Classify(err) == delivery.Done {
		t.end(r, job, turn{number, err})
	}

	return err
}

// join returns the resource, and how many turns have begun so far.
func (t *Turns) join(id string) (r *resource, begun int) {
	t.mu.Lock()
	defer t.mu.Unlock()

	r = t.resources[id]
	if r == nil {
		r = &resource{busy: make(chan struct{}, 1), done: map[string]turn{}}
		t.resources[id] = r
	}

	r.here++

	return r, r.begun
}

func (t *Turns) leave(id string, r *resource) {
	t.mu.Lock()
	defer t.mu.Unlock()

	if r.here--; r.here == 0 {
		delete(t.resources, id)
	}
}

func (t *Turns) last(r *resource, job string) turn {
	t.mu.Lock()
	defer t.mu.Unlock()

	return r.done[job]
}

func (t *Turns) begin(r *resource) (number int) {
	t.mu.Lock()
	defer t.mu.Unlock()

	r.begun++

	return r.begun
}

func (t *Turns) end(r *resource, job string, done turn) {
	t.mu.Lock()
	defer t.mu.Unlock()

	r.done[job] = done
}
