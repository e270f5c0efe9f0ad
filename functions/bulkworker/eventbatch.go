package bulkworker

import (
	"context"
	"errors"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// eventBatch is what one request sends, and beside it the events themselves, in case Klaviyo won't take them together.
type eventBatch struct {
	batch  klaviyo.EventBatch
	events []orderEvent
	// alone tells that the events of the first order are more than a batch takes: they go one by one.
	alone bool
}

// orderEvent is an event, and the id of its order.
type orderEvent struct {
	order string
	event klaviyo.Event
}

// add adds the events of an order, all or none: klaviyo.ErrBatchFull says that they belong into the next batch. Two that
// Klaviyo would take for one, since the config file gives two metrics one name, are one.
func (b *eventBatch) add(order string, events []klaviyo.Event) error {
	if b.alone {
		return klaviyo.ErrBatchFull
	}

	before := b.batch.Len()

	for _, e := range events {
		err := b.batch.Add(order, e)
		if _, twice := errors.AsType[*klaviyo.DuplicateError](err); err == nil || twice {
			continue
		}

		b.batch.Truncate(before)

		if errors.Is(err, klaviyo.ErrBatchFull) && before == 0 {
			b.alone = true

			break
		}

		return err
	}

	for _, e := range events {
		b.events = append(b.events, orderEvent{order, e})
	}

	return nil
}

// send sends the events, and returns a failure for each order that Klaviyo refuses an event of; its other events are sent
// all the same.
func (b *eventBatch) send(ctx context.Context, kl *klaviyo.Client) ([]bulk.Failure, error) {
	if b.alone {
		return b.oneByOne(ctx, kl)
	}

	refused, err := kl.ImportEvents(ctx, &b.batch)

	if answer, ok := errors.AsType[*klaviyo.Error](err); ok && never(answer) {
		// So it is with unique ids that come twice, in the request or ever: alone, such an event is taken, and dropped.
		return b.oneByOne(ctx, kl)
	}

	failures := make([]bulk.Failure, len(refused))
	for i, r := range refused {
		failures[i] = failure(r.Ref, "Klaviyo refused an event", r.Code, r.Pointer)
	}

	return onePerOrder(failures), err
}

func (b *eventBatch) oneByOne(ctx context.Context, kl *klaviyo.Client) ([]bulk.Failure, error) {
	var failures []bulk.Failure

	for _, e := range b.events {
		err := kl.CreateEvent(ctx, e.event)
		if answer, ok := errors.AsType[*klaviyo.Error](err); ok && never(answer) {
			failures = append(failures, failure(e.order, "Klaviyo refused an event", answer.Code(), answer.Pointer()))
		} else if err != nil {
			return nil, err
		}
	}

	return onePerOrder(failures), nil
}

// onePerOrder keeps the first failure of each order; an order's events follow each other.
func onePerOrder(failures []bulk.Failure) []bulk.Failure {
	return slices.CompactFunc(failures, func(a, b bulk.Failure) bool { return a.ID == b.ID })
}
