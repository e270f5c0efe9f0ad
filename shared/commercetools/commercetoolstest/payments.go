package commercetoolstest

import "time"

// payment is a payment in commercetools' order of properties.
type payment struct {
	base
	Customer              *reference        `json:"customer,omitempty"`
	InterfaceID           string            `json:"interfaceId,omitempty"`
	AmountPlanned         money             `json:"amountPlanned"`
	PaymentMethodInfo     paymentMethodInfo `json:"paymentMethodInfo"`
	PaymentStatus         map[string]string `json:"paymentStatus"`
	Transactions          []transaction     `json:"transactions"`
	InterfaceInteractions []struct{}        `json:"interfaceInteractions"`
}

type paymentMethodInfo struct {
	PaymentInterface string    `json:"paymentInterface"`
	Method           string    `json:"method"`
	Name             localized `json:"name"`
}

type transaction struct {
	ID            string `json:"id"`
	Timestamp     string `json:"timestamp,omitempty"`
	Type          string `json:"type"`
	Amount        money  `json:"amount"`
	InteractionID string `json:"interactionId,omitempty"`
	State         string `json:"state"`
}

// paymentsOf is how many payments an order has: of ten orders two have none, and one has two, a gift card and a credit card.
func paymentsOf(n int) int {
	switch n % 10 {
	case 3, 7:
		return 0
	case 9:
		return 2
	default:
		return 1
	}
}

// refundsOf are the parts of what was paid, in percent and by state, that are paid back: of 24 orders three are paid back as
// a whole, two in parts, and with two it has failed or just begun.
func refundsOf(n int) []refund {
	switch n % 24 {
	case 5, 12, 20:
		return []refund{{100, "Success"}}
	case 8:
		return []refund{{20, "Success"}, {30, "Pending"}}
	case 14:
		return []refund{{10, "Success"}, {15, "Success"}, {25, "Success"}}
	case 18:
		return []refund{{50, "Failure"}, {50, "Success"}}
	case 22:
		return []refund{{40, "Initial"}}
	default:
		return nil
	}
}

type refund struct {
	percent int64
	state   string
}

// paidFor is the order that a payment is for, and which of its payments it is.
func (s *Shop) paidFor(number int) (order, which int) { return s.payments.whole(number) }

// paidBy are the numbers of the orders that a payment is for.
func (s *Shop) paidBy(paymentID string) []int {
	place, found := s.endpoints["payments"].place(paymentID)
	if !found {
		return nil
	}

	order, _ := s.paidFor(int(s.endpoints["payments"].inOrder[place].number))

	return []int{order}
}

// paymentLife is that of the order: the payment is a minute older.
func (s *Shop) paymentLife(number int) life {
	order, _ := s.paidFor(number)
	l := s.orderLife(order)
	l.created = l.created.Add(-time.Minute)

	return l
}

// payment generates one payment: an authorization of every other one, a charge, which one in 15 times is not through yet and
// one in 25 times had to be repeated, and the refunds of refundsOf, every fourth without a time.
func (s *Shop) payment(number int) payment {
	n, which := s.paidFor(number)
	lived := s.paymentLife(number)
	o := s.order(n)
	amount := o.TotalPrice

	if second := amount.CentAmount / 4; paymentsOf(n) == 2 {
		amount.CentAmount = []int64{amount.CentAmount - second, second}[which]
	}

	p := payment{
		base: newBase(s.id(aPayment, number), lived), InterfaceID: "psp-" + padded(number), AmountPlanned: amount,
		PaymentMethodInfo: paymentMethodInfo{
			PaymentInterface: "STRIPE", Method: "CREDIT_CARD", Name: localized{"en-US": "Credit Card", "de-DE": "Kreditkarte"},
		},
		PaymentStatus: map[string]string{"interfaceCode": "OK"}, Transactions: []transaction{}, InterfaceInteractions: []struct{}{},
	}

	if customer, ok := s.buyer(n); ok {
		p.Customer = new(s.ref("customer", aCustomer, customer))
	}

	g := s.draw(aPayment, number)
	at := lived.created
	add := func(kind, state string, percent int64) {
		part := amount
		part.CentAmount = amount.CentAmount * percent / 100
		p.Transactions = append(p.Transactions, transaction{
			ID: g.uuid(), Timestamp: instant(at), Type: kind, Amount: part, InteractionID: "ia-" + padded(number), State: state,
		})
		at = at.Add(26 * time.Hour)
	}

	if n%2 == 0 {
		add("Authorization", "Success", 100)
	}

	switch {
	case every(15, 2, n):
		add("Charge", "Pending", 100)
	case every(25, 6, n):
		add("Charge", "Failure", 100)
		add("Charge", "Success", 100)
	default:
		add("Charge", "Success", 100)
	}

	for i, r := range refundsOf(n) {
		add("Refund", r.state, r.percent)

		if (n+i)%4 == 3 {
			p.Transactions[len(p.Transactions)-1].Timestamp = ""
		}
	}

	return p
}
