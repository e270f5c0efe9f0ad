package orderevents

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// handler records events of orders.
type handler struct {
	ct    *commercetools.Client
	kl    *klaviyo.Client
	shop  mapping.Shop
	cfg   settings.Config
	order mapping.OrderConfig
}

// New returns what the function does with a message. Its errors are for delivery.Classify.
func New(ct *commercetools.Client, kl *klaviyo.Client, shop settings.Shop, cfg settings.Config) delivery.Handle {
	return handler{ct: ct, kl: kl, shop: shop.Mapping(), cfg: cfg, order: cfg.Order.Mapping()}.handle
}

// handle is the routing table.
func (h handler) handle(ctx context.Context, m delivery.Message) error {
	switch messages := h.cfg.Order.Messages; {
	case m.Resource.TypeID != "order":
		return delivery.Ignored("not about an order")
	case slices.Contains(messages.Created, m.Type):
		return delivery.UnlessDisabled(h.cfg, settings.OrderCreated, h.created)(ctx, m)
	case slices.Contains(messages.Changed, m.Type):
		return delivery.UnlessDisabled(h.cfg, settings.OrderStateChanged, h.changed)(ctx, m)
	default:
		return delivery.Ignored("no message that makes an event")
	}
}

// created records a new order, first the order and then what is in it. A Placed Order that Klaviyo refuses as the order was
// may have been corrected since, an email address for example: then the order as it is now is recorded. Once Placed Order is
// there, that would not do: the order's profile may be another by now, under which Klaviyo would take all of it again.
func (h handler) created(ctx context.Context, m delivery.Message) error {
	order, carried, err := h.orderOf(ctx, m)
	if err != nil {
		return err
	}

	if !h.worthAnEvent(order, m, carried) {
		return delivery.Ignored("the order's state is not in order.states.created.placedOrder")
	}

	items, err := h.place(ctx, order)
	if carried && delivery.Classify(err) == delivery.Never {
		items, err = h.placeCorrected(ctx, order.ID, err)
	}

	if err != nil {
		return err
	}

	return delivery.Each(ctx, items, h.kl.CreateEvent)
}

// place records that an order was placed, and returns the events of what is in it, which come after that. When it is refused,
// nothing of the order was recorded.
func (h handler) place(ctx context.Context, order commercetools.Order) (items []klaviyo.Event, err error) {
	products, err := delivery.ProductsOf(ctx, h.ct, order)
	if err != nil {
		return nil, err
	}

	placed, err := mapping.PlacedOrder(order, products, h.shop, h.order)
	if err != nil {
		return nil, err
	}

	items, err = mapping.OrderedProducts(order, products, h.shop, h.order)
	if err != nil {
		return nil, err
	}

	return items, h.kl.CreateEvent(ctx, placed)
}

// placeCorrected is place of an order as it is now, after it was refused as it was. The refusal stays when there is nothing
// better: the order is gone, or can't be read.
func (h handler) placeCorrected(ctx context.Context, id string, refusal error) ([]klaviyo.Event, error) {
	now, err := h.ct.Order(ctx, id)

	switch {
	case err == nil:
		return h.place(ctx, now)
	case delivery.Classify(err) == delivery.Later:
		return nil, err
	default:
		return nil, refusal
	}
}

// changed records that an order has come into a state that is worth an event.
func (h handler) changed(ctx context.Context, m delivery.Message) error {
	var payload struct {
		OrderState string `json:"orderState"`
	}
	if err := json.Unmarshal(m.Raw, &payload); err != nil {
		return delivery.Unreadable("the order's state is no text")
	}

	// Most changes are to other states, and need no request.
	if payload.OrderState != "" && h.cfg.Order.Change(payload.OrderState) == nil {
		return ignoredState()
	}

	order, err := h.ct.Order(ctx, m.Resource.ID)
	if err != nil {
		return err
	}

	change := h.cfg.Order.Change(cmp.Or(payload.OrderState, order.OrderState))
	if change == nil {
		return ignoredState()
	}

	products, err := delivery.ProductsOf(ctx, h.ct, order)
	if err != nil {
		return err
	}

	event, err := change(order, products, m.CreatedAt, h.shop, h.order)
	if err != nil {
		return err
	}

	return h.kl.CreateEvent(ctx, event)
}

func ignoredState() error {
	return delivery.Ignored("the order's state is not in order.states.changed")
}
