package mapping_test

import (
	stdcmp "cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// paid is the order that the payments of these tests belong to.
const paid = `{
	"id": "o1", "customerEmail": "ann@example.org", "createdAt": "2024-05-01T10:00:00.000Z",
	"totalPrice": {"type": "centPrecision", "currencyCode": "EUR", "centAmount": 9999, "fractionDigits": 2},
	"billingAddress": {"country": "DE"},
	"paymentInfo": {"payments": [{"typeId": "payment", "id": "p3"}, {"typeId": "payment", "id": "p1"}, {"typeId": "payment", "id": "p2"}]}
}`

// Each case of testdata/refunded holds payments.json, and in want.json what becomes of each transaction.
func TestRefundedOrder(t *testing.T) {
	t.Parallel()

	golden(t, "testdata/refunded", func(t *testing.T, in input) (string, any) {
		t.Helper()

		var payments []commercetools.Payment

		in.decode(t, "payments.json", &payments)

		want := map[string]string{}

		for _, p := range payments {
			for _, transaction := range p.Transactions {
				want[transaction.ID] = refund(t, payments, transaction.ID)
			}
		}

		slices.Reverse(payments)

		for id := range want {
			if again := refund(t, payments, id); again != want[id] {
				t.Errorf("%s: %s with the payments in reverse, %s before", id, again, want[id])
			}
		}

		return "want.json", want
	})
}

// refund tells what of the event of a transaction depends on the payments.
func refund(t *testing.T, payments []commercetools.Payment, id string) string {
	t.Helper()

	event, err := mapping.RefundedOrder(
		decoded[commercetools.Order](t, paid), nil, payments, id, time.Time{}, mapping.Shop{}, config())
	if err != nil {
		return err.Error()
	}

	return fmt.Sprintf("%s %s %s", event.UniqueID, event.Value, event.ValueCurrency)
}

// A refund took place when the shop says, unless Klaviyo does not take that.
func TestRefundedAt(t *testing.T) {
	t.Parallel()

	told := time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)

	for name, c := range map[string]struct{ says, want time.Time }{
		"as the shop says": {told.AddDate(0, -1, 0), told.AddDate(0, -1, 0)},
		"nothing":          {time.Time{}, told},
		"1970":             {time.Unix(0, 0), told},
		"soon":             {told.AddDate(0, 11, 0), told.AddDate(0, 11, 0)},
		"far ahead":        {told.AddDate(75, 0, 0), told},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			payments := []commercetools.Payment{{Transactions: []commercetools.Transaction{{ID: "t1", Type: "Refund", Timestamp: c.says}}}}

			got, err := mapping.RefundedOrder(decoded[commercetools.Order](t, paid), nil, payments, "t1", told, mapping.Shop{}, config())
			if err != nil || !got.Time.Equal(c.want) {
				t.Errorf("got %v, %v, want %v", got.Time, err, c.want)
			}
		})
	}
}

// A refund's event is the placed one under another name, at another time, with the refund's amount.
func TestRefundedOrderIsTheOrder(t *testing.T) {
	t.Parallel()

	order := decoded[commercetools.Order](t, paid)
	payments := []commercetools.Payment{{Transactions: []commercetools.Transaction{{
		ID: "t1", Type: "Refund", State: "Initial",
		Amount: commercetools.Money{CurrencyCode: "USD", CentAmount: 150, FractionDigits: 2},
	}}}}

	want, err := mapping.PlacedOrder(order, nil, mapping.Shop{}, config())
	if err != nil {
		t.Fatal(err)
	}

	at := time.Date(2024, 6, 1, 0, 0, 0, 1, time.UTC)
	want.Metric, want.Time, want.Value, want.ValueCurrency = "Refunded Order", at.Truncate(time.Second), "1.5", "USD"
	want.Profile.Location = nil

	got, err := mapping.RefundedOrder(order, nil, payments, "t1", at, mapping.Shop{}, config())
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	order.CustomerEmail = ""

	_, err = mapping.RefundedOrder(order, nil, payments, "t1", at, mapping.Shop{}, config())
	if _, ok := errors.AsType[*mapping.MissingError](err); !ok {
		t.Errorf("got error %v, want a MissingError for a nobody's order", err)
	}
}

// Refunds are added to an order's payments one after the other, with any times and states, and messages come at any time and
// more than once: no two refunds have one id, one has the order's, and none ever changes its id.
func TestRefundsKeepTheirIDs(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		charge := commercetools.Transaction{ID: "charge", Type: "Charge", State: "Success"}
		payments := []commercetools.Payment{{ID: "p2"}, {ID: "p1", Transactions: []commercetools.Transaction{charge}}, {ID: "p3"}}
		ids, owners := map[string]string{}, map[string]string{}
		first := ""

		for i := range rapid.IntRange(1, 6).Draw(t, "refunds") {
			p := rapid.IntRange(0, 2).Draw(t, "payment")
			id := fmt.Sprintf("t%d", 9-i)

			slices.SortFunc(payments, func(a, b commercetools.Payment) int { return stdcmp.Compare(a.ID, b.ID) })
			payments[p].Transactions = append(payments[p].Transactions, commercetools.Transaction{ID: id, Type: "Refund"})

			if p == 0 {
				first = stdcmp.Or(first, id)
			}

			for _, transaction := range shaken(t, payments) {
				remember(t, ids, owners, transaction, uniqueID(t, payments, transaction))
			}
		}

		if owners["o1"] != first {
			t.Fatalf("the order's id is that of %q, want the first refund of what was charged, %q", owners["o1"], first)
		}
	})
}

// remember fails when a transaction had another id, or the id is another's.
func remember(t *rapid.T, ids, owners map[string]string, transaction, id string) {
	t.Helper()

	if before := stdcmp.Or(ids[transaction], id); before != id {
		t.Fatalf("%s had the id %s and now has %s", transaction, before, id)
	}

	if owner := stdcmp.Or(owners[id], transaction); owner != transaction {
		t.Fatalf("%s and %s have the id %s", transaction, owner, id)
	}

	ids[transaction], owners[id] = id, transaction
}

func uniqueID(t *rapid.T, payments []commercetools.Payment, transaction string) string {
	t.Helper()

	refs := []commercetools.PaymentReference{{ID: "p2"}, {ID: "p1"}, {ID: "p3"}}
	order := commercetools.Order{ID: "o1", CustomerID: "c1", PaymentInfo: &commercetools.PaymentInfo{Payments: refs}}

	event, err := mapping.RefundedOrder(order, nil, payments, transaction, time.Time{}, mapping.Shop{}, config())
	if err != nil {
		t.Fatal(err)
	}

	return event.UniqueID
}

// shaken changes what may change of refunds without an effect, and returns their ids.
func shaken(t *rapid.T, payments []commercetools.Payment) []string {
	t.Helper()

	var ids []string

	if rapid.Bool().Draw(t, "reverse") {
		slices.Reverse(payments)
	}

	for _, p := range payments {
		for i := range p.Transactions {
			refund := &p.Transactions[i]
			if refund.Type != "Refund" {
				continue
			}

			refund.State = rapid.SampledFrom([]string{"Initial", "Pending", "Success"}).Draw(t, "state")
			refund.Timestamp = time.Unix(int64(rapid.IntRange(0, 4_000_000_000).Draw(t, "time")), 0)
			ids = append(ids, refund.ID)
		}
	}

	return ids
}

func FuzzRefundedOrder(f *testing.F) {
	f.Add([]byte(`[{"createdAt":"2024-01-01T00:00:00Z","transactions":[{"id":"t","type":"Refund","timestamp":null}]},null]`), "t")
	f.Add([]byte(`[{"transactions":[{"id":"t","type":"Charge"},null]}]`), "t")
	f.Add([]byte(`[{"transactions":[{"id":"s","type":"Refund"},{"id":"","type":"Refund","amount":{"centAmount":-1,"fractionDigits":19,"currencyCode":""}}]}]`), "")

	f.Fuzz(func(t *testing.T, data []byte, id string) {
		event, err := mapping.RefundedOrder(
			decoded[commercetools.Order](t, paid), nil, given[[]commercetools.Payment](t, data), strings.ToValidUTF8(id, ""), today(), mapping.Shop{}, config())
		expectEvents(t, err, event)
	})
}
