package mapping

import (
	"cmp"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// RefundedOrder maps a refund, one transaction of the order's payments, of which commercetools told at a time; zero is when the
// order was last modified. payments have to be all of the order's: which refund is the first follows from them. It has the
// properties of [PlacedOrder], and the refund's own amount for a value. A transaction that is not there, is no refund or has
// failed is a *[MissingError].
//
// Klaviyo counts a refund in a customer's value only when it has the order's id, and records an id once. So one refund has
// the id of the order, and every other "<order>:<transaction>". Which one it is must not change by what happens later, or a
// refund that is told of twice would be recorded twice, or not at all. So it is the first one that has not failed
//   - of one payment, that with which the order was paid: the first that was charged, else the first. A refund of another,
//     sooner or later, changes nothing;
//   - in the sequence in which they were added to that payment. Times don't count: shops set them anew when a refund goes
//     through.
//
// A refund that fails after it was sent leaves the order's id taken, and the next one in its place is taken for it, so that
// the money is counted once.
func RefundedOrder(
	o commercetools.Order, products []commercetools.Product, payments []commercetools.Payment, transactionID string,
	told time.Time, shop Shop, cfg OrderConfig,
) (klaviyo.Event, error) {
	refunds := refundsOf(payments...)

	i := slices.IndexFunc(refunds, func(t commercetools.Transaction) bool { return t.ID == transactionID })
	if i < 0 {
		return klaviyo.Event{}, &MissingError{Field: "refund"}
	}

	event, err := newOrder(o, products, shop, cfg).event(cfg.Metrics.RefundedOrder, refundedAt(refunds[i], cmp.Or(told, o.LastModifiedAt)))
	if err != nil {
		return klaviyo.Event{}, err
	}

	event.Value, event.ValueCurrency = decimal(refunds[i].Amount), refunds[i].Amount.CurrencyCode

	if first := refundsOf(paidBy(o, payments)); len(first) == 0 || first[0].ID != transactionID {
		event.UniqueID += ":" + transactionID
	}

	return event, nil
}

// refundedAt is when a refund took place: by the shop, or when commercetools told of it if the shop says nothing, or what
// Klaviyo does not take.
func refundedAt(refund commercetools.Transaction, told time.Time) time.Time {
	if at := refund.Timestamp; at.Year() >= 2000 && at.Before(told.AddDate(1, 0, 0)) {
		return at
	}

	return told
}

// refundsOf returns the refunds that have not failed.
func refundsOf(payments ...commercetools.Payment) (refunds []commercetools.Transaction) {
	for _, p := range payments {
		for _, t := range p.Transactions {
			if t.Type == commercetools.TransactionRefund && t.State != commercetools.TransactionFailure {
				refunds = append(refunds, t)
			}
		}
	}

	return refunds
}

// paidBy returns the payment with which the order was paid.
func paidBy(o commercetools.Order, payments []commercetools.Payment) commercetools.Payment {
	ids := o.PaymentIDs()
	payments = slices.SortedFunc(slices.Values(payments), func(a, b commercetools.Payment) int {
		return cmp.Or(cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID)), cmp.Compare(a.ID, b.ID))
	})

	for _, p := range payments {
		if slices.ContainsFunc(p.Transactions, func(t commercetools.Transaction) bool {
			return t.Type == commercetools.TransactionCharge && t.State == commercetools.TransactionSuccess
		}) {
			return p
		}
	}

	return payments[0]
}
