package paymentevents

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// samplePayments are the sample payments, and those that the sample orders hold.
func samplePayments(t *testing.T) []json.RawMessage {
	t.Helper()

	payments := functiontest.Samples(t, "payments")

	for _, raw := range functiontest.Samples(t, "orders") {
		var o struct {
			PaymentInfo struct {
				Payments []struct {
					Obj json.RawMessage `json:"obj"`
				} `json:"payments"`
			} `json:"paymentInfo"`
		}
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatal(err)
		}

		for _, p := range o.PaymentInfo.Payments {
			payments = append(payments, p.Obj)
		}
	}

	return payments
}

// sampleMessages are the sample messages about payments, and beside them those about each transaction of the sample payments.
func sampleMessages(t *testing.T) map[string]string {
	t.Helper()

	messages := map[string]string{}
	for _, name := range []string{"PaymentTransactionAdded", "PaymentTransactionStateChanged"} {
		messages[name] = string(functiontest.SampleMessage(t, name))
	}

	for _, raw := range samplePayments(t) {
		p, err := commercetools.Decode[commercetools.Payment](raw)
		if err != nil {
			t.Fatal(err)
		}

		about := object{"typeId": "payment", "id": p.ID}
		for _, tr := range p.Transactions {
			messages["added "+tr.ID] = message(t, "PaymentTransactionAdded", object{
				"resource": about, "transaction": object{"id": tr.ID, "type": tr.Type, "state": "Initial"},
			})
			messages["changed "+tr.ID] = message(t, "PaymentTransactionStateChanged", object{
				"resource": about, "transactionId": tr.ID, "state": tr.State, "createdAt": "2026-02-03T04:05:06.789Z",
			})
		}
	}

	return messages
}

func TestSamples(t *testing.T) {
	t.Parallel()

	messages := sampleMessages(t)

	names := slices.Sorted(maps.Keys(messages))
	once := deliverSamples(t, messages, names)

	// One of the payments was paid back, a guest's.
	if len(once) != 1 || once[0].UniqueID != "01b7ef64-ea25-4197-8888-1e3a52fb5718" || once[0].Value != "198.53" || once[0].ValueCurrency != "EUR" {
		t.Errorf("events %v, want one refund of 198.53 EUR", once)
	}

	again := slices.Concat(names, names)

	slices.Reverse(names)

	for how, names := range map[string][]string{"again": again, "in reverse": names} {
		if diff := cmp.Diff(once, deliverSamples(t, messages, names), cmpopts.IgnoreFields(klaviyotest.Event{}, "Received")); diff != "" {
			t.Errorf("%s (-once +now):\n%s", how, diff)
		}
	}
}

// deliverSamples delivers messages to a sample shop of their own and returns what Klaviyo has then.
func deliverSamples(t *testing.T, messages map[string]string, names []string) []klaviyotest.Event {
	t.Helper()

	s := open(t, functiontest.Options{Checked: true})
	s.Commercetools.Put("payments", samplePayments(t)...)
	s.Commercetools.Put("orders", functiontest.Samples(t, "orders")...)
	s.Commercetools.Put("product-projections", functiontest.Samples(t, "product-projections")...)

	for _, name := range names {
		s.Done(t, messages[name])
	}

	return s.Klaviyo.Events()
}
