package paymentevents

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/settings"
)

const (
	id    = "7f35f165-1de0-4ec0-bf78-f15b43f3683b"
	email = "ann@shop.example.org"
)

type object = map[string]any

// shop is the function between a commercetools and a Klaviyo.
type shop struct{ *functiontest.Shop }

func open(t *testing.T, o functiontest.Options) shop {
	t.Helper()

	return shop{functiontest.Open(t, functiontest.Function{
		Name: name,
		New: func(ct *commercetools.Client, kl *klaviyo.Client, cfg settings.Config) delivery.Handle {
			return New(ct, kl, settings.Shop{Locale: "en-US", ProductURL: "https://shop.example/{{productSlug}}"}, cfg)
		},
	}, o)}
}

// message is a Message of a type about a payment, with more fields.
func message(t *testing.T, kind string, more object) string {
	t.Helper()

	all := object{"createdAt": "2026-01-05T06:07:08.999Z"}
	maps.Copy(all, more)

	return functiontest.Message(t, "payment", id, kind, all)
}

// tooLarge is a Message of a type whose payload is not included.
func tooLarge(t *testing.T, kind string) string {
	t.Helper()

	return functiontest.TooLarge(t, "payment", id, kind)
}

// transaction is a transaction of a payment, with changes.
func transaction(id string, cents int, changes object) object {
	tr := object{"id": id, "type": "Refund", "state": "Success", "amount": functiontest.Euros(cents), "timestamp": "2026-01-04T05:06:07.890Z"}
	maps.Copy(tr, changes)

	return tr
}

// payment is a payment with transactions.
func payment(t *testing.T, id, created string, transactions ...object) json.RawMessage {
	t.Helper()

	return functiontest.Encode(t, object{"id": id, "version": 3, "createdAt": created, "transactions": transactions})
}

// stock puts Ann's order into commercetools, paid by payments of these ids.
func (s shop) stock(t *testing.T, paymentIDs ...string) {
	t.Helper()

	refs := make([]object, len(paymentIDs))
	for i, p := range paymentIDs {
		refs[i] = object{"typeId": "payment", "id": p}
	}

	s.Commercetools.Put("orders", functiontest.Encode(t, object{
		"id": "o1", "version": 7, "createdAt": "2026-01-02T03:04:05.678Z", "orderState": "Complete", "future": 0,
		"customerId": "c1", "customerEmail": email, "totalPrice": functiontest.Euros(4998), "billingAddress": object{"country": "DE", "lastName": "Arbor"},
		"lineItems":     []object{{"id": "l1", "productId": "p1", "name": object{"en-US": "Shirt"}, "quantity": 2, "totalPrice": functiontest.Euros(4998)}},
		"discountCodes": []object{{"discountCode": object{"typeId": "discount-code", "id": "d1"}, "state": "MatchesCart"}},
		"paymentInfo":   object{"payments": refs},
	}))
	s.Commercetools.Put("discount-codes", json.RawMessage(`{"id":"d1","code":"SUMMER"}`))
	s.Commercetools.Put("categories", json.RawMessage(`{"id":"women","name":{"en-US":"Women"}}`))
	s.Commercetools.Put("product-projections", json.RawMessage(`{"id":"p1","categories":[{"typeId":"category","id":"women"}]}`))
	s.Commercetools.Put("payments")
}
