package bulkworker

import (
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// history makes the events of an order's past.
type history struct {
	shop  mapping.Shop
	order mapping.OrderConfig
	cfg   settings.Config
}

// events returns the order's events, as far as disabledEvents leaves them: it was placed, with a product for each line item, and
// perhaps it was fulfilled or cancelled, or money was paid back. known has its products. Without events it is a
// *[mapping.MissingError].
func (h history) events(o commercetools.Order, known map[string]commercetools.Product) ([]klaviyo.Event, error) {
	var products []commercetools.Product

	for _, id := range o.ProductIDs() {
		if p, ok := known[id]; ok {
			products = append(products, p)
		}
	}

	var events []klaviyo.Event

	for _, kind := range []struct {
		name   string
		events func(commercetools.Order, []commercetools.Product) ([]klaviyo.Event, error)
	}{
		{settings.OrderCreated, h.placed}, {settings.OrderStateChanged, h.changed}, {settings.OrderRefunded, h.refunded},
	} {
		if h.cfg.Disabled(kind.name) {
			continue
		}

		some, err := kind.events(o, products)
		if err != nil {
			return nil, err
		}

		events = append(events, some...)
	}

	if len(events) == 0 {
		return nil, &mapping.MissingError{Field: "event"}
	}

	for i := range events {
		events[i].Backfill = h.cfg.Bulk.Backfill
	}

	return events, nil
}

func (h history) placed(o commercetools.Order, products []commercetools.Product) ([]klaviyo.Event, error) {
	placed, err := mapping.PlacedOrder(o, products, h.shop, h.order)
	if err != nil {
		return nil, err
	}

	// An address of years ago says nothing about where the customer is now.
	placed.Profile.Location = nil

	items, err := mapping.OrderedProducts(o, products, h.shop, h.order)

	return append([]klaviyo.Event{placed}, items...), err
}

// changed returns the event of the state that the order is in. When it came into that is not known; it was last modified no
// earlier.
func (h history) changed(o commercetools.Order, products []commercetools.Product) ([]klaviyo.Event, error) {
	change := h.cfg.Order.Change(o.OrderState)
	if change == nil {
		return nil, nil
	}

	event, err := change(o, products, o.LastModifiedAt, h.shop, h.order)

	return []klaviyo.Event{event}, err
}

func (h history) refunded(o commercetools.Order, products []commercetools.Product) ([]klaviyo.Event, error) {
	var events []klaviyo.Event

	payments := o.Payments()
	for _, p := range payments {
		for _, t := range p.Transactions {
			if t.Type != commercetools.TransactionRefund || !h.cfg.Payment.Refunds(t.State) {
				continue
			}

			event, err := mapping.RefundedOrder(o, products, payments, t.ID, o.LastModifiedAt, h.shop, h.order)
			if err != nil {
				return nil, err
			}

			events = append(events, event)
		}
	}

	return events, nil
}
