package commercetools

import "time"

// Types and states of transactions that the mapping knows.
const (
	TransactionCharge  = "Charge"
	TransactionRefund  = "Refund"
	TransactionSuccess = "Success"
	TransactionFailure = "Failure"
)

// Payment holds what the mapping reads of a payment.
// Source: https://docs.commercetools.com/api/projects/payments#payment.
type Payment struct {
	ID string `json:"id"`
	// Transactions are in the order in which they were added; none is ever taken out.
	Transactions []Transaction `json:"transactions"`
}

// Transaction is a step of a payment.
type Transaction struct {
	ID string `json:"id"`
	// Timestamp is when it took place, zero when the shop doesn't say. It may change later.
	Timestamp time.Time `json:"timestamp"`
	// Type is Authorization, CancelAuthorization, Charge, Refund or Chargeback.
	Type   string `json:"type"`
	Amount Money  `json:"amount"`
	// State is Initial, Pending, Success or Failure.
	State string `json:"state"`
}

// PaymentReference names a payment.
type PaymentReference struct {
	ID string `json:"id"`
	// Obj is the payment itself, when the query asked for it: expand=paymentInfo.payments[*].
	Obj *Payment `json:"obj"`
}
