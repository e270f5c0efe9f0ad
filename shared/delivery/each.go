package delivery

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// atOnce is how many parts of one message are in hand at the same time: an order may have 500 line items, a product 100
// variants, and the message has to be done within [Timeout], beside others.
const atOnce = 10

// Each does all parts of what a message asks for, some at once. What may succeed later ends it, for all of them will come
// again. Anything else doesn't: the message will not come again, and the others must not be kept back with it. Of those
// errors it returns one that never succeeds before one that says that there is nothing to do.
func Each[T any](ctx context.Context, all []T, do func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)

	ended := make([]error, len(all))

	for i, one := range all {
		group.Go(func() error {
			ended[i] = guard(func() error { return do(ctx, one) })
			if Classify(ended[i]) == Later {
				return ended[i]
			}

			return nil
		})
	}

	if err := group.Wait(); err != nil {
		return err
	}

	var worst error

	for _, err := range ended {
		if worst == nil || Classify(err) > Classify(worst) {
			worst = err
		}
	}

	return worst
}
