package instep

import (
	"context"
	"reflect"
	"time"
)

// prompt is how soon after the beginning of its reading a writing is done that no other instance can have overtaken: less
// than it takes from a change in commercetools over its message to the next writing.
const prompt = 500 * time.Millisecond

// Sync reads what a resource is now and writes it. After a writing that wasn't prompt it looks again, until Klaviyo has
// what commercetools has, or the context ends.
func Sync[T any](ctx context.Context, read func(context.Context) (T, error), write func(context.Context, T) error) error {
	var written *T

	for {
		began := time.Now() //nolint:forbidigo // whether a writing was prompt is for nobody else to say

		now, err := read(ctx)
		if err != nil || written != nil && reflect.DeepEqual(*written, now) {
			return err
		}

		//nolint:forbidigo // as above
		if err := write(ctx, now); err != nil || time.Since(began) < prompt {
			return err
		}

		written = &now
	}
}
