package paymentevents

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// handler records refunds.
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
	switch messages := h.cfg.Payment.Messages; {
	case m.Resource.TypeID != "payment":
		return delivery.Ignored("not about a payment")
	case slices.Contains(messages.TransactionAdded, m.Type), slices.Contains(messages.TransactionChanged, m.Type):
		return delivery.UnlessDisabled(h.cfg, settings.OrderRefunded, h.transaction)(ctx, m)
	default:
		return delivery.Ignored("no message about a transaction")
	}
}

// transaction records the refund that a message is about. Messages about other transactions, which are far more, cost one
// request at most.
func (h handler) transaction(ctx context.Context, m delivery.Message) error {
	reported, err := parse(m)
	if err != nil {
		return err
	}

	if err := h.reasonToIgnore(reported); err != nil {
		return err
	}

	payment, err := h.ct.Payment(ctx, m.Resource.ID)
	if err != nil {
		return err
	}

	refunds, err := h.refunds(payment, reported)
	if err != nil {
		return err
	}

	order, found, err := h.ct.OrderOfPayment(ctx, payment.ID)
	if err != nil {
		return err
	}

	if !found {
		return orderless(payment, m)
	}

	return h.record(ctx, m, refunds, order, payment)
}

// orderless says what a payment without an order means. One may be made, and even paid back, shortly before the order gets to
// know it. Later there never will be an order, because the checkout was broken off for example.
func orderless(p commercetools.Payment, m delivery.Message) error {
	const soon = 10 * time.Minute

	if !m.CreatedAt.IsZero() && time.Since(m.CreatedAt) < soon {
		return fmt.Errorf("payment %s belongs to no order yet", p.ID)
	}

	return delivery.Ignored("the payment belongs to no order")
}

// record sends an event for each of these refunds of a payment.
func (h handler) record(
	ctx context.Context, m delivery.Message, refunds []commercetools.Transaction, order commercetools.Order, payment commercetools.Payment,
) error {
	payments, err := h.payments(ctx, order, payment)
	if err != nil {
		return err
	}

	products, err := delivery.ProductsOf(ctx, h.ct, order)
	if err != nil {
		return err
	}

	return delivery.Each(ctx, refunds, func(ctx context.Context, refund commercetools.Transaction) error {
		event, err := mapping.RefundedOrder(order, products, payments, refund.ID, m.CreatedAt, h.shop, h.order)
		if err != nil {
			return err
		}

		return h.kl.CreateEvent(ctx, event)
	})
}

// payments returns all payments of the order, one of which is known: which refund is an order's first depends on all. They
// are not expanded in the order, for what is there goes into the event.
func (h handler) payments(
	ctx context.Context, order commercetools.Order, known commercetools.Payment,
) ([]commercetools.Payment, error) {
	others := slices.DeleteFunc(order.PaymentIDs(), func(id string) bool { return id == known.ID })

	payments, err := h.ct.PaymentsByID(ctx, others...)

	return append(payments, known), err
}
