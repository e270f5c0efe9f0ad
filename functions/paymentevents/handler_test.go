package paymentevents

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/functiontest"
)

// refunded is the event of the one refund, as ExpectEvents writes it.
const refunded = "Refunded Order o1 19.99 EUR 2026-01-04T05:06:07Z"

// added is a PaymentTransactionAdded about a refund of 19.99, with changes.
func added(t *testing.T, changes object) string {
	t.Helper()

	return message(t, "PaymentTransactionAdded", object{"transaction": transaction("t1", 1999, changes)})
}

// stateChanged is a PaymentTransactionStateChanged about the same one.
func stateChanged(t *testing.T, state string) string {
	t.Helper()

	return message(t, "PaymentTransactionStateChanged", object{"transactionId": "t1", "state": state})
}

// Each message becomes its event or none, and takes so many requests.
func TestMessages(t *testing.T) {
	t.Parallel()

	is := func(state string) object { return object{"state": state} }
	charge := object{"type": "Charge"}

	const (
		disabled = "switched off by disabledEvents"
		outside  = "the transaction's state is not in payment.states.validTransactionStates"
		success  = `{"payment":{"states":{"validTransactionStates":["Success"]}}}`
	)

	tests := []struct {
		name    string
		config  string
		payload string
		now     object // what the transaction is by now in commercetools
		want    []string
		reason  string
		// read and written are the requests to commercetools and Klaviyo.
		read, written int
	}{
		{name: "added", payload: added(t, nil), want: []string{refunded}, read: 3, written: 1},
		{name: "added, initial", payload: added(t, is("Initial")), now: is("Initial"), want: []string{refunded}, read: 3, written: 1},
		{name: "added, initial, and done since", payload: added(t, is("Initial")), want: []string{refunded}, read: 3, written: 1},
		{name: "added, too large", payload: tooLarge(t, "PaymentTransactionAdded"), want: []string{refunded}, read: 3, written: 1},
		{name: "pending", payload: stateChanged(t, "Pending"), now: is("Pending"), want: []string{refunded}, read: 3, written: 1},
		{name: "done", payload: stateChanged(t, "Success"), want: []string{refunded}, read: 3, written: 1},
		{name: "done, too large", payload: tooLarge(t, "PaymentTransactionStateChanged"), want: []string{refunded}, read: 3, written: 1},
		{name: "done, in a state of the config file", config: success, payload: stateChanged(t, "Success"), want: []string{refunded}, read: 3, written: 1},
		{
			name: "added, without a time", payload: added(t, object{"timestamp": nil}), now: object{"timestamp": nil},
			want: []string{"Refunded Order o1 19.99 EUR 2026-01-05T06:07:08Z"}, read: 3, written: 1,
		},
		{
			name: "another message of the config file", config: `{"payment":{"messages":{"transactionChanged":["PaymentTransactionInterfaceIdSet"]}}}`,
			payload: message(t, "PaymentTransactionInterfaceIdSet", object{"transactionId": "t1", "interfaceId": "psp"}),
			want:    []string{refunded}, read: 3, written: 1,
		},
		{
			name: "another message of the config file, and not done", config: `{"payment":{"messages":{"transactionChanged":["PaymentTransactionInterfaceIdSet"]},
			"states":{"validTransactionStates":["Success"]}}}`, now: is("Pending"),
			payload: message(t, "PaymentTransactionInterfaceIdSet", object{"transactionId": "t1", "interfaceId": "psp"}), reason: outside, read: 1,
		},

		{name: "charge added", payload: added(t, charge), now: charge, reason: "no refund"},
		{name: "charge done", payload: stateChanged(t, "Success"), now: charge, reason: "no refund", read: 1},
		{name: "charge added, too large", payload: tooLarge(t, "PaymentTransactionAdded"), now: charge, reason: "no refund", read: 1},
		{name: "chargeback", payload: added(t, object{"type": "Chargeback"}), reason: "no refund"},
		{name: "authorization cancelled", payload: added(t, object{"type": "CancelAuthorization"}), reason: "no refund"},
		{name: "failed", payload: stateChanged(t, "Failure"), now: is("Failure"), reason: outside},
		{
			name: "failed, whatever the config file says", config: `{"payment":{"states":{"validTransactionStates":["Failure"]}}}`,
			payload: added(t, is("Failure")), now: is("Failure"), reason: outside,
		},
		{name: "added, and failed since", payload: added(t, is("Initial")), now: is("Failure"), reason: "refund is missing", read: 3},
		{name: "added, too large, and failed since", payload: tooLarge(t, "PaymentTransactionAdded"), now: is("Failure"), reason: "no refund", read: 1},
		{name: "added in a state outside", config: success, payload: added(t, is("Initial")), reason: outside},
		{name: "changed to a state outside", config: success, payload: stateChanged(t, "Pending"), reason: outside},
		{name: "another message", payload: message(t, "PaymentCreated", nil), reason: "no message about a transaction"},
		{name: "updated", payload: functiontest.Change(t, "payment", id, "ResourceUpdated"), reason: "no message about a transaction"},
		{name: "another resource", payload: functiontest.Change(t, "order", id, "ResourceUpdated"), reason: "not about a payment"},
		{name: "test notification", payload: functiontest.Change(t, "subscription", id, "ResourceCreated"), reason: "the subscription's test notification"},
		{name: "disabled", payload: added(t, nil), config: `{"disabledEvents":["OrderRefunded"]}`, reason: disabled},
		{name: "disabled, too large", payload: tooLarge(t, "PaymentTransactionStateChanged"), config: `{"disabledEvents":["OrderRefunded"]}`, reason: disabled},
	}
	for _, tt := range tests {
		for format, payload := range functiontest.Formats(t, tt.payload) {
			t.Run(tt.name+", "+format, func(t *testing.T) {
				t.Parallel()

				s := open(t, functiontest.Options{Config: tt.config, Checked: format == "Platform"})
				s.stock(t, id)
				s.Commercetools.Put("payments", payment(t, id, "2026-01-02T03:04:00Z", transaction("t1", 1999, tt.now)))
				s.Done(t, payload)
				s.ExpectEvents(t, tt.want...)

				if got, _ := s.LastLine(t)["reason"].(string); got != tt.reason {
					t.Errorf("reason %q, want %q", got, tt.reason)
				}

				s.ExpectRequests(t, tt.read, tt.written)
			})
		}
	}
}

// The event has the properties of the order, and nothing of the payment.
func TestRefundedOrder(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{Checked: true})
	s.stock(t, id)
	s.Commercetools.Put("payments", payment(t, id, "2026-01-02T03:04:00Z", transaction("t1", 1999, nil)))
	s.Done(t, added(t, nil))

	e := s.Event(t, "Refunded Order", "o1")
	want := object{
		"orderState": "Complete", "future": 0.0, "OrderId": "o1", "DiscountCode": "SUMMER", "Categories": []any{"Women"}, "ItemNames": []any{"Shirt"},
		"paymentInfo": object{"payments": []any{object{"typeId": "payment", "id": id}}},
	}

	for name, value := range want {
		if diff := cmp.Diff(value, e.Properties[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	profiles := s.Klaviyo.Profiles()
	if len(profiles) != 1 {
		t.Fatalf("%d profiles, want 1", len(profiles))
	}

	if diff := cmp.Diff(object{"email": email, "external_id": "c1"}, profiles[0].Attributes); diff != "" {
		t.Errorf("profile (-want +got):\n%s", diff)
	}
}

// Of all refunds of an order's payments the first has the order's id, whichever message comes first; each has its own amount.
func TestPartialRefunds(t *testing.T) {
	t.Parallel()

	at := func(time string) object { return object{"timestamp": time} }
	about := func(paymentID string, tr object) string {
		return message(t, "PaymentTransactionAdded", object{"resource": object{"typeId": "payment", "id": paymentID}, "transaction": tr})
	}

	t1, t2 := transaction("t1", 1000, at("2026-01-06T00:00:00Z")), transaction("t2", 500, at("2026-01-08T00:00:00Z"))
	t3 := transaction("t3", 250, at("2026-01-07T00:00:00Z"))
	charge := transaction("t0", 4998, object{"type": "Charge", "timestamp": "2026-01-02T00:00:00Z"})
	messages := []string{
		about("other", t3), about(id, t1), about(id, t2), about(id, charge),
		stateChanged(t, "Success"), tooLarge(t, "PaymentTransactionAdded"),
	}

	for first := range messages {
		s := open(t, functiontest.Options{Checked: first == 0})
		s.stock(t, "other", id, "deleted")
		s.Commercetools.Put("payments",
			payment(t, id, "2026-01-02T00:00:00Z", charge, t1, t2), payment(t, "other", "2026-01-02T00:00:00Z", t3),
			payment(t, "of another order", "2026-01-01T00:00:00Z", transaction("t9", 1, at("2026-01-03T00:00:00Z"))))
		s.Done(t, messages[first:]...)
		s.Done(t, messages[:first]...)
		s.ExpectEvents(t,
			"Refunded Order o1 10 EUR 2026-01-06T00:00:00Z",
			"Refunded Order o1:t2 5 EUR 2026-01-08T00:00:00Z",
			"Refunded Order o1:t3 2.5 EUR 2026-01-07T00:00:00Z",
		)
	}
}

// An order that was paid several times costs one request more.
func TestSeveralPayments(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.stock(t, "first", id, "third")
	s.Commercetools.Put("payments", payment(t, id, "2026-01-02T00:00:00Z", transaction("t1", 1999, nil)))
	s.Done(t, added(t, nil))
	s.ExpectEvents(t, refunded)

	// The payment, the order, its other payments, its product.
	s.ExpectRequests(t, 4, 1)
}

func TestNothingToRefund(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		missing string
		reason  string
	}{
		"the payment is gone": {"payments", "gone from commercetools"},
		"no order":            {"orders", "the payment belongs to no order"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{})
			s.stock(t, id)
			s.Commercetools.Put("payments", payment(t, id, "2026-01-02T00:00:00Z", transaction("t1", 1999, nil)))
			s.Commercetools.Delete(tt.missing, map[string]string{"payments": id, "orders": "o1"}[tt.missing])

			for _, payload := range []string{added(t, nil), stateChanged(t, "Success"), tooLarge(t, "PaymentTransactionAdded")} {
				s.Done(t, payload)

				if line := s.LastLine(t); line["reason"] != tt.reason || line["level"] != "INFO" {
					t.Errorf("logged %v", line)
				}
			}

			s.ExpectEvents(t)
		})
	}
}

// A payment that is paid back shortly before its order knows it waits for that.
func TestOrderComesLater(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.stock(t, id)
	s.Commercetools.Put("payments", payment(t, id, "2026-01-02T00:00:00Z", transaction("t1", 1999, nil)))
	s.Commercetools.Delete("orders", "o1")

	payload := message(t, "PaymentTransactionAdded", object{
		"transaction": transaction("t1", 1999, nil), "createdAt": time.Now().Add(-time.Minute).Format(time.RFC3339),
	})
	if status := s.Deliver(t, payload); status != http.StatusServiceUnavailable {
		t.Errorf("status %d before there is an order, want 503", status)
	}

	s.stock(t, id)
	s.Acknowledged(t, payload)
	s.ExpectEvents(t, refunded)
}

// A product that was deleted since is missing in Categories, no more.
func TestProductIsGone(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.stock(t, id)
	s.Commercetools.Put("payments", payment(t, id, "2026-01-02T00:00:00Z", transaction("t1", 1999, nil)))
	s.Commercetools.Delete("product-projections", "p1")
	s.Done(t, added(t, nil))
	s.ExpectEvents(t, refunded)

	if n := s.LastLine(t)["products_missing"]; n != 1.0 {
		t.Errorf("products_missing %v, want 1", n)
	}
}
