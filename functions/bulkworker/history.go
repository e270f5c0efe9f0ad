package bulkworker

import (
	"slices"

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

// events returns the order's events: it was placed, with a product for each line item, and perhaps it was fulfilled or
// cancelled, or money was paid back. known has its products.
func (h history) events(o commercetools.Order, known map[string]commercetools.Product) ([]klaviyo.Event, error) {
	var products []commercetools.Product

	for _, id := range o.ProductIDs() {
		if p, ok := known[id]; ok {
			products = append(products, p)
		}
	}

	placed, err := mapping.PlacedOrder(o, products, h.shop, h.order)
	if err != nil {
		return nil, err
	}

	// An address of years ago says nothing about where the customer is now.
	placed.Profile.Location = nil

	items, err := mapping.OrderedProducts(o, products, h.shop, h.order)
	if err != nil {
		return nil, err
	}

	changes, err := h.changes(o, products)
	if err != nil {
		return nil, err
	}

	events := slices.Concat([]klaviyo.Event{placed}, items, changes)
	for i := range events {
		events[i].Backfill = h.cfg.Bulk.Backfill
	}

	return events, nil
}

// changes returns what happened to the order later. When it came into its state is not known; it was last modified no
// earlier.
func (h history) changes(o commercetools.Order, products []commercetools.Product) ([]klaviyo.Event, error) {
	var events []klaviyo.Event

	switch changed := h.cfg.Order.States.Changed; {
	case slices.Contains(changed.CancelledOrder, o.OrderState):
		event, err := mapping.CancelledOrder(o, products, o.LastModifiedAt, h.shop, h.order)
		if err != nil {
			return nil, err
		}

		events = append(events, event)
	case slices.Contains(changed.FulfilledOrder, o.OrderState):
		event, err := mapping.FulfilledOrder(o, products, o.LastModifiedAt, h.shop, h.order)
		if err != nil {
			return nil, err
		}

		events = append(events, event)
	}

	refunds, err := h.refunds(o, products)

	return append(events, refunds...), err
}

func (h history) refunds(o commercetools.Order, products []commercetools.Product) ([]klaviyo.Event, error) {
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
