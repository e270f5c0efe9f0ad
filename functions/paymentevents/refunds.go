package paymentevents

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
)

// reported is what a message says about a transaction. What it does not say is "": a change of state does not tell the
// type, and a message whose payload was too large tells nothing.
type reported struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	State string `json:"state"`
}

// parse reads a message: a new transaction is there as a whole, one that has changed by its id and state.
func parse(m delivery.Message) (reported, error) {
	var payload struct {
		Transaction   reported `json:"transaction"`
		TransactionID string   `json:"transactionId"`
		State         string   `json:"state"`
	}
	if err := json.Unmarshal(m.Raw, &payload); err != nil {
		return reported{}, delivery.Unreadable("the transaction can't be read")
	}

	t := payload.Transaction

	return reported{ID: cmp.Or(t.ID, payload.TransactionID), Type: t.Type, State: cmp.Or(t.State, payload.State)}, nil
}

// reasonToIgnore returns why a transaction is not worth an event, nil when it is or the message does not tell.
func (h handler) reasonToIgnore(t reported) error {
	switch {
	case t.Type != "" && t.Type != commercetools.TransactionRefund:
		return delivery.Ignored("no refund")
	case t.State != "" && !h.cfg.Payment.Refunds(t.State):
		return delivery.Ignored("the transaction's state is not in payment.states.validTransactionStates")
	default:
		return nil
	}
}

// refunds returns the transactions of a payment that a message is about, one at least. When it does not say which, all refunds
// are meant: those that Klaviyo has already stay as they are.
func (h handler) refunds(p commercetools.Payment, t reported) ([]commercetools.Transaction, error) {
	if t.ID == "" {
		all := slices.DeleteFunc(slices.Clone(p.Transactions), func(t commercetools.Transaction) bool {
			return h.reasonToIgnore(reported{t.ID, t.Type, t.State}) != nil
		})
		if len(all) == 0 {
			return nil, delivery.Ignored("no refund")
		}

		return all, nil
	}

	i := slices.IndexFunc(p.Transactions, func(other commercetools.Transaction) bool { return other.ID == t.ID })
	if i < 0 {
		// No transaction is ever taken out of a payment, so it is not there yet.
		return nil, fmt.Errorf("payment %s: transaction %s is not there yet", p.ID, t.ID)
	}

	found := p.Transactions[i]

	return []commercetools.Transaction{found}, h.reasonToIgnore(reported{found.ID, found.Type, cmp.Or(t.State, found.State)})
}
