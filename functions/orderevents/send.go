package orderevents

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// parallel is how many events of one message are sent at once: an order may have 500 line items, and the message has to be
// done within its time, beside others.
const parallel = 8

// send records events. What fails now but may succeed later ends it, for all of them will come again. What Klaviyo refuses
// does not: the message will be parked, and the other events must not be kept back with it.
func (h handler) send(ctx context.Context, events []klaviyo.Event) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)

	refused := make(chan error, len(events))

	for _, event := range events {
		group.Go(func() error {
			err := h.kl.CreateEvent(ctx, event)
			if delivery.Classify(err) == delivery.Never {
				refused <- err

				return nil
			}

			return err
		})
	}

	if err := group.Wait(); err != nil {
		return err
	}

	select {
	case err := <-refused:
		return err
	default:
		return nil
	}
}
