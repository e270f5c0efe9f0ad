package orderevents

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
	id    = "029b5b7b-8845-48cf-a701-44473defc749"
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

// message is a Message of a type about Ann's order, with more fields.
func message(t *testing.T, kind string, more object) string {
	t.Helper()

	all := object{"createdAt": "2026-01-05T06:07:08.999Z"}
	maps.Copy(all, more)

	return functiontest.Message(t, "order", id, kind, all)
}

// tooLarge is a Message of a type whose payload is not included.
func tooLarge(t *testing.T, kind string) string {
	t.Helper()

	return functiontest.TooLarge(t, "order", id, kind)
}

// item is a line item of a product.
func item(id, productID string, cents int) object {
	return object{
		"id": id, "productId": productID, "name": object{"en-US": "Product " + productID}, "quantity": 1,
		"variant": object{"id": 1, "sku": "sku-" + productID}, "price": object{"value": functiontest.Euros(cents)}, "totalPrice": functiontest.Euros(cents),
	}
}

// order is Ann's order in commercetools, with changes.
func order(t *testing.T, changes object) json.RawMessage {
	t.Helper()

	o := object{
		"id": id, "version": 1, "createdAt": "2026-01-02T03:04:05.678Z", "lastModifiedAt": "2026-01-02T03:04:05.678Z", "orderState": "Open",
		"customerId": "c1", "customerEmail": email, "totalPrice": functiontest.Euros(4998), "billingAddress": object{"country": "DE", "city": "Berlin", "lastName": "Arbor"},
		"lineItems": []object{item("l1", "p1", 1999), item("l2", "p2", 2999)}, "discountCodes": []object{},
	}
	maps.Copy(o, changes)

	return functiontest.Encode(t, o)
}

// stock puts products, their categories and the order into commercetools.
func (s shop) stock(t *testing.T, order json.RawMessage) {
	t.Helper()

	s.Commercetools.Put("orders", order)
	s.Commercetools.Put("discount-codes", json.RawMessage(`{"id":"d1","code":"SUMMER"}`))
	s.Commercetools.Put("categories",
		json.RawMessage(`{"id":"women","name":{"en-US":"Women"}}`),
		json.RawMessage(`{"id":"sale","name":{"en-US":"Sale"}}`),
		json.RawMessage(`{"id":"pants","name":{"en-US":"Pants"},"ancestors":[{"typeId":"category","id":"women"}]}`))
	s.Commercetools.Put("product-projections",
		json.RawMessage(`{"id":"p1","slug":{"en-US":"one"},"categories":[{"typeId":"category","id":"pants"}]}`),
		json.RawMessage(`{"id":"p2","slug":{"en-US":"two"},"categories":[{"typeId":"category","id":"sale"},{"typeId":"category","id":"pants"}]}`))
}
