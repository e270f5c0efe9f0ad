package bulkworker

import (
	"context"
	"errors"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// eventSender sends events, as many in one request as Klaviyo takes.
type eventSender struct {
	kl *klaviyo.Client
	// proceed is asked before each request.
	proceed func(context.Context) error
	dryRun  bool

	batch klaviyo.EventBatch
	// events are those of the batch, in case Klaviyo won't take them together.
	events []orderEvent
	// refused has a failure for each order that Klaviyo has refused an event of.
	refused map[string]bulk.Failure
}

// orderEvent is an event, and the id of its order.
type orderEvent struct {
	order string
	event klaviyo.Event
}

// add sends the events of an order with this request or the next.
func (s *eventSender) add(ctx context.Context, order string, events []klaviyo.Event) error {
	for _, e := range events {
		err := s.batch.Add(order, e)
		if errors.Is(err, klaviyo.ErrBatchFull) {
			if err := s.flush(ctx); err != nil {
				return err
			}

			err = s.batch.Add(order, e)
		}

		// Klaviyo would take the two for one, so only the first is sent.
		if _, twice := errors.AsType[*klaviyo.DuplicateError](err); twice {
			continue
		}

		if err != nil {
			s.refuse(bulk.Failure{ID: order, Reason: err.Error()})

			continue
		}

		s.events = append(s.events, orderEvent{order, e})
	}

	return nil
}

// flush sends what is there.
func (s *eventSender) flush(ctx context.Context) error {
	if len(s.events) == 0 || s.dryRun {
		s.batch, s.events = klaviyo.EventBatch{}, nil

		return nil
	}

	if err := s.proceed(ctx); err != nil {
		return err
	}

	refused, err := s.kl.ImportEvents(ctx, &s.batch)
	if klaviyo.IsRefused(err) {
		// Klaviyo refuses the whole request for a unique id that comes twice in it, or that it has seen before. Alone, such an
		// event is accepted, and dropped.
		err = s.oneByOne(ctx)
	}

	if err != nil {
		return err
	}

	for _, r := range refused {
		s.refuse(refusedEvent(r.Ref, r.Code, r.Pointer))
	}

	s.batch, s.events = klaviyo.EventBatch{}, nil

	return nil
}

func (s *eventSender) oneByOne(ctx context.Context) error {
	for _, e := range s.events {
		err := s.kl.CreateEvent(ctx, e.event)
		if answer, ok := errors.AsType[*klaviyo.Error](err); ok && klaviyo.IsRefused(err) {
			s.refuse(refusedEvent(e.order, answer.Code(), answer.Pointer()))
		} else if err != nil {
			return err
		}
	}

	return nil
}

// refuse keeps the first failure of each order.
func (s *eventSender) refuse(f bulk.Failure) {
	if s.refused == nil {
		s.refused = map[string]bulk.Failure{}
	}

	if _, known := s.refused[f.ID]; !known {
		s.refused[f.ID] = f
	}
}

func refusedEvent(order, code, pointer string) bulk.Failure {
	return failure(order, "Klaviyo refused an event", code, pointer)
}
