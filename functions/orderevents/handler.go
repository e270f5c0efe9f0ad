package orderevents

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// The names by which disabledEvents switches messages off, whatever their types are by the config file.
const (
	orderCreated      = "OrderCreated"
	orderStateChanged = "OrderStateChanged"
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
		return delivery.UnlessDisabled(h.cfg, orderCreated, h.created)(ctx, m)
	case slices.Contains(messages.Changed, m.Type):
		return delivery.UnlessDisabled(h.cfg, orderStateChanged, h.changed)(ctx, m)
	default:
		return delivery.Ignored("no message that makes an event")
	}
}

// created records a new order. What Klaviyo refuses of an order as it was may have been corrected since, an email address for
// example: then the order as it is now is recorded.
func (h handler) created(ctx context.Context, m delivery.Message) error {
	order, carried, err := h.orderOf(ctx, m)
	if err != nil {
		return err
	}

	if !h.worthAnEvent(order, m, carried) {
		return delivery.Ignored("the order's state is not in order.states.created.placedOrder")
	}

	err = h.record(ctx, order)
	if !carried || delivery.Classify(err) != delivery.Never {
		return err
	}

	now, fetchErr := h.ct.Order(ctx, order.ID)

	switch {
	case commercetools.IsNotFound(fetchErr):
		return err
	case fetchErr != nil:
		return fetchErr
	default:
		return h.record(ctx, now)
	}
}

// record records an order, first the order and then what is in it.
func (h handler) record(ctx context.Context, order commercetools.Order) error {
	products, err := delivery.ProductsOf(ctx, h.ct, order)
	if err != nil {
		return err
	}

	placed, err := mapping.PlacedOrder(order, products, h.shop, h.order)
	if err != nil {
		return err
	}

	items, err := mapping.OrderedProducts(order, products, h.shop, h.order)
	if err != nil {
		return err
	}

	if err := h.kl.CreateEvent(ctx, placed); err != nil {
		return err
	}

	return delivery.Each(ctx, items, h.kl.CreateEvent)
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
	if payload.OrderState != "" && h.mapperOf(payload.OrderState) == nil {
		return ignoredState()
	}

	order, err := h.ct.Order(ctx, m.Resource.ID)
	if err != nil {
		return err
	}

	toEvent := h.mapperOf(cmp.Or(payload.OrderState, order.OrderState))
	if toEvent == nil {
		return ignoredState()
	}

	products, err := delivery.ProductsOf(ctx, h.ct, order)
	if err != nil {
		return err
	}

	event, err := toEvent(order, products, m.CreatedAt, h.shop, h.order)
	if err != nil {
		return err
	}

	return h.kl.CreateEvent(ctx, event)
}

func ignoredState() error {
	return delivery.Ignored("the order's state is not in order.states.changed")
}

// mapper makes an event of an order that has changed at a time.
type mapper func(
	commercetools.Order, []commercetools.Product, time.Time, mapping.Shop, mapping.OrderConfig,
) (klaviyo.Event, error)

// mapperOf returns what a change to a state becomes; nil for nothing.
func (h handler) mapperOf(state string) mapper {
	switch changed := h.cfg.Order.States.Changed; {
	case slices.Contains(changed.CancelledOrder, state):
		return mapping.CancelledOrder
	case slices.Contains(changed.FulfilledOrder, state):
		return mapping.FulfilledOrder
	default:
		return nil
	}
}
