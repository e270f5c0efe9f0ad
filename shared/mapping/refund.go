package mapping

import (
	"cmp"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// RefundedOrder maps a refund, one transaction of the order's payments, which took place at a time. payments have to be all
// of the order's: which refund is the first follows from them. It has the properties of [PlacedOrder], and the refund's own
// amount for a value. A transaction that is not there, is no refund or has failed is a *[MissingError].
//
// Klaviyo counts a refund in a customer's value only when it has the order's id, and records an id once. So the first
// refund has the id of the order, and a later one "<order>:<transaction>". The first is
//   - any but a failed one, whatever states are worth an event: the states of others must not change an id that may be
//     in Klaviyo already. What can't be undone by them: a refund that failed after it was sent leaves the order's id
//     taken, and the one that follows in its place is taken for it, so that the money is counted once;
//   - the earliest by time, but never before one that was added to its payment sooner: shops set the time anew when a
//     refund goes through, and the order within a payment stays. One without a time counts from its payment.
func RefundedOrder(
	o commercetools.Order, products []commercetools.Product, payments []commercetools.Payment, transactionID string,
	at time.Time, shop Shop, cfg OrderConfig,
) (klaviyo.Event, error) {
	all := refunds(payments)

	i := slices.IndexFunc(all, func(t commercetools.Transaction) bool { return t.ID == transactionID })
	if i < 0 {
		return klaviyo.Event{}, &MissingError{Field: "refund"}
	}

	event, err := newOrder(o, products, shop, cfg).event(cfg.Metrics.RefundedOrder, at)
	if err != nil {
		return klaviyo.Event{}, err
	}

	event.Value, event.ValueCurrency = decimal(all[i].Amount), all[i].Amount.CurrencyCode
	if i > 0 {
		event.UniqueID += ":" + transactionID
	}

	return event, nil
}

// refunds returns the refunds that have not failed, the first one first, whatever the order of the payments is.
func refunds(payments []commercetools.Payment) []commercetools.Transaction {
	payments = slices.SortedStableFunc(slices.Values(payments), func(a, b commercetools.Payment) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})

	var all []commercetools.Transaction

	for _, p := range payments {
		latest := p.CreatedAt

		for _, t := range p.Transactions {
			if t.Type != commercetools.TransactionRefund || t.State == commercetools.TransactionFailure {
				continue
			}

			if t.Timestamp.After(latest) {
				latest = t.Timestamp
			}

			t.Timestamp = latest
			all = append(all, t)
		}
	}

	slices.SortStableFunc(all, func(a, b commercetools.Transaction) int { return a.Timestamp.Compare(b.Timestamp) })

	return all
}
