package productevents

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"
)

// When more products are published than Klaviyo takes variants of, 750 a minute, and all are written at once, each gets a
// part of its variants through before its delivery's time is up, and begins again at the first with the next. So an instance
// writes few at a time, and the others wait before their first request, which costs nothing.
const (
	// roomFor is how many requests the products in hand may take together: a large product goes alone, and small ones side by
	// side. More is no faster, since what has begun is soon held up by Klaviyo's limits anyway, and leaves more unfinished
	// when a minute is used up: with 200 it costs a sixth more requests. Fewer would hold small products up.
	roomFor = 50
	// pace is how long each request is given, when a product may begin: three instances, as Terraform allows, share 12.5 a second.
	pace = 200 * time.Millisecond
)

// errTooLate is a product whose turn comes when its delivery has no time left for it. The next one has.
var errTooLate = errors.New("productevents: too late to begin")

// room lets in as many products as there is room for, first come, first served.
type room struct{ free *semaphore.Weighted }

func newRoom() room { return room{semaphore.NewWeighted(roomFor)} }

// take does something that takes about so many requests, when there is room and time for it. All that there is suffices for
// anything.
func (r room) take(ctx context.Context, requests int, do func() error) error {
	requests = min(requests, roomFor)

	if err := r.free.Acquire(ctx, int64(requests)); err != nil {
		return fmt.Errorf("productevents: wait for room: %w", err)
	}
	defer r.free.Release(int64(requests))

	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < time.Duration(requests)*pace {
		return errTooLate
	}

	return do()
}
