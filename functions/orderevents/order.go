package orderevents

import (
	"context"
	"errors"
	"slices"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
)

// orderOf returns the order that the message carries, as it was then, else the one that it names, as it is now.
func (h handler) orderOf(ctx context.Context, m delivery.Message) (order commercetools.Order, carried bool, err error) {
	order, carried, err = delivery.Carried[commercetools.Order](m, "order")

	switch {
	case err != nil:
	case carried:
		order, err = h.withCodes(ctx, order)
	default:
		order, err = h.ct.Order(ctx, m.Resource.ID)
	}

	return order, carried, err
}

// withCodes completes an order from a message: it names its discount codes by their ids, and Klaviyo's guide wants what the
// shopper typed. The rest stays as it was when the order was placed. An order that is gone goes without, but in a shop that
// erases data it is not found: a late message must not bring back somebody whose order was deleted with the customer's data.
func (h handler) withCodes(ctx context.Context, o commercetools.Order) (commercetools.Order, error) {
	unknown := func(c commercetools.DiscountCodeInfo) bool { return c.DiscountCode.Obj == nil }
	erases := h.cfg.Customer.DataErasure.Enabled

	if !erases && (!h.order.GuideProperties || !slices.ContainsFunc(o.DiscountCodes, unknown)) {
		return o, nil
	}

	codes, err := h.codes(ctx, o.ID)
	if err != nil && (erases || !commercetools.IsNotFound(err)) {
		return commercetools.Order{}, err
	}

	o.DiscountCodes = codes

	return o, nil
}

// codes returns the discount codes of an order that is still there. It has none when it can't be read as it is now: what the
// message carries of it can, and must not be held up by that.
func (h handler) codes(ctx context.Context, id string) ([]commercetools.DiscountCodeInfo, error) {
	now, err := h.ct.Order(ctx, id)
	if broken, ok := errors.AsType[*commercetools.DecodeError](err); ok && broken.ID == id {
		return nil, nil
	}

	return now.DiscountCodes, err
}

// worthAnEvent tells whether a new order is worth an event by its state. The state when it was created is meant. A message that
// doesn't hold the order does not tell it, and once the order has changed it can't be told any more. Then an order counts whose
// creation was not recorded before, for being confirmed or cancelled by now is no reason to lose it: one whose creation is this
// message, or that nobody could be told of before it had its customer.
func (h handler) worthAnEvent(o commercetools.Order, m delivery.Message, carried bool) bool {
	changedSince := m.ResourceVersion > 0 && o.Version > m.ResourceVersion
	unrecorded := !m.PayloadIncluded || o.CustomerEmail == ""

	return slices.Contains(h.cfg.Order.States.Created.PlacedOrder, o.OrderState) || !carried && changedSince && unrecorded
}
