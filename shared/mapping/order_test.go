package mapping_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// orderCase is what a case about an order may hold beside order.json.
type orderCase struct {
	order    commercetools.Order
	products []commercetools.Product
	shop     mapping.Shop
	cfg      mapping.OrderConfig
}

func newOrderCase(t *testing.T, in input) orderCase {
	t.Helper()

	c := orderCase{cfg: config()}
	in.decode(t, "order.json", &c.order)
	in.optional(t, "products.json", &c.products)
	in.optional(t, "shop.json", &c.shop)
	in.optional(t, "config.json", &c.cfg)

	return c
}

// config is the config file's default, but for the guide's properties, which would be in every case.
func config() mapping.OrderConfig {
	return mapping.OrderConfig{Metrics: mapping.Metrics{
		PlacedOrder:    "Placed Order",
		OrderedProduct: "Ordered Product",
		FulfilledOrder: "Fulfilled Order",
		CancelledOrder: "Cancelled Order",
		RefundedOrder:  "Refunded Order",
	}}
}

// Each case of testdata/placed holds order.json, perhaps products.json, shop.json and config.json, and what must come out:
// want.json or error.
func TestPlacedOrder(t *testing.T) {
	t.Parallel()

	golden(t, "testdata/placed", func(t *testing.T, in input) (string, any) {
		t.Helper()

		c := newOrderCase(t, in)

		event, err := mapping.PlacedOrder(c.order, c.products, c.shop, c.cfg)
		if err != nil {
			return "error", err.Error()
		}

		return "want.json", event
	})
}

// The cases of testdata/ordered are like those of testdata/placed.
func TestOrderedProducts(t *testing.T) {
	t.Parallel()

	golden(t, "testdata/ordered", func(t *testing.T, in input) (string, any) {
		t.Helper()

		c := newOrderCase(t, in)

		events, err := mapping.OrderedProducts(c.order, c.products, c.shop, c.cfg)
		if err != nil {
			return "error", err.Error()
		}

		return "want.json", events
	})
}

// A change of which nobody knows when it was is as old as the order's last one.
func TestChangesWithoutATime(t *testing.T) {
	t.Parallel()

	modified := time.Date(2024, 5, 3, 0, 0, 0, 0, time.UTC)
	order := commercetools.Order{ID: "o1", CustomerID: "c1", LastModifiedAt: modified}
	payments := []commercetools.Payment{{Transactions: []commercetools.Transaction{{ID: "t1", Type: "Refund"}}}}

	fulfilled, err1 := mapping.FulfilledOrder(order, nil, time.Time{}, mapping.Shop{}, config())
	cancelled, err2 := mapping.CancelledOrder(order, nil, time.Time{}, mapping.Shop{}, config())
	refunded, err3 := mapping.RefundedOrder(order, nil, payments, "t1", time.Time{}, mapping.Shop{}, config())

	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}

	for _, event := range []klaviyo.Event{fulfilled, cancelled, refunded} {
		if !event.Time.Equal(modified) {
			t.Errorf("%s at %v, want %v", event.Metric, event.Time, modified)
		}
	}
}

// A later event of an order is the placed one under another name, at another time, and does not move the profile.
func TestOrderStates(t *testing.T) {
	t.Parallel()

	order := decoded[commercetools.Order](t, `{
		"id": "o1", "customerEmail": "ann@example.org", "createdAt": "2024-05-01T10:00:00.000Z", "note": "x",
		"totalPrice": {"type": "centPrecision", "currencyCode": "EUR", "centAmount": 1999, "fractionDigits": 2},
		"billingAddress": {"country": "DE"}, "lineItems": []
	}`)

	placed, err := mapping.PlacedOrder(order, nil, mapping.Shop{}, config())
	if err != nil {
		t.Fatal(err)
	}

	tests := map[string]func(
		commercetools.Order, []commercetools.Product, time.Time, mapping.Shop, mapping.OrderConfig,
	) (klaviyo.Event, error){
		"Fulfilled Order": mapping.FulfilledOrder,
		"Cancelled Order": mapping.CancelledOrder,
	}
	for metric, fn := range tests {
		t.Run(metric, func(t *testing.T) {
			t.Parallel()

			at := time.Date(2024, 5, 2, 1, 30, 59, 999, time.FixedZone("", 2*60*60))

			got, err := fn(order, nil, at, mapping.Shop{}, config())
			if err != nil {
				t.Fatal(err)
			}

			want := placed
			want.Metric, want.Time = metric, time.Date(2024, 5, 1, 23, 30, 59, 0, time.UTC)
			want.Profile.Location = nil

			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}

			_, err = fn(commercetools.Order{ID: "o1"}, nil, at, mapping.Shop{}, config())
			if missing, ok := errors.AsType[*mapping.MissingError](err); !ok || missing.Field != "customerEmail or customerId" {
				t.Errorf("got error %v, want a MissingError for a nobody's order", err)
			}
		})
	}
}

// Whatever the order, all that commercetools sent is in the event, as it was sent.
func TestPlacedOrderCarriesTheWholeOrder(t *testing.T) {
	t.Parallel()

	for _, raw := range samples(t, "orders.json") {
		var all map[string]json.RawMessage
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatal(err)
		}

		order := decoded[commercetools.Order](t, string(raw))

		cfg := config()
		cfg.GuideProperties = true

		event, err := mapping.PlacedOrder(order, nil, mapping.Shop{Locale: "de-DE"}, cfg)
		if err != nil {
			t.Fatal(err)
		}

		all["paymentInfo"] = withoutExpansion(t, all["paymentInfo"])

		for name, value := range all {
			if got := event.Properties[name]; string(got) != string(value) {
				t.Errorf("order %s: %s is %s, want %s", order.ID, name, got, value)
			}
		}

		items, err := mapping.OrderedProducts(order, nil, mapping.Shop{}, cfg)
		if err != nil || len(items) != len(order.LineItems) {
			t.Errorf("order %s: %d Ordered Products, error %v; want %d", order.ID, len(items), err, len(order.LineItems))
		}
	}
}

// withoutExpansion is an order's paymentInfo as it is sent to who doesn't ask for the payments themselves.
func withoutExpansion(t *testing.T, paymentInfo json.RawMessage) json.RawMessage {
	t.Helper()

	if paymentInfo == nil {
		return nil
	}

	var info struct {
		Payments []struct {
			TypeID string `json:"typeId"`
			ID     string `json:"id"`
		} `json:"payments"`
	}
	if err := json.Unmarshal(paymentInfo, &info); err != nil {
		t.Fatal(err)
	}

	folded, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}

	return folded
}

func BenchmarkOrder(b *testing.B) {
	raw := samples(b, "orders.json")[1]
	order := decoded[commercetools.Order](b, string(raw))

	cfg := config()
	cfg.GuideProperties = true

	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()

		for b.Loop() {
			if _, err := commercetools.Decode[commercetools.Order](raw); err != nil {
				b.Fatal(err)
			}
		}
	})

	b.Run("map", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()

		for b.Loop() {
			if _, err := mapping.PlacedOrder(order, nil, mapping.Shop{}, cfg); err != nil {
				b.Fatal(err)
			}

			if _, err := mapping.OrderedProducts(order, nil, mapping.Shop{}, cfg); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func FuzzOrder(f *testing.F) {
	const all = `{}`

	f.Add([]byte(`{"id":"o","customerEmail":"a","lineItems":[{"name":{"en":"x"},"quantity":3,"price":{"tiers":[{"minimumQuantity":2}]},"variant":{"attributes":[{"name":"Brand","value":{"key":"a","label":{"de":"b"}}}]}},null]}`), []byte(`[]`), []byte(all))
	f.Add([]byte(`{"id":"o","createdAt":"2026-01-01T00:00:00Z","customerId":"c","custom":{"fields":{"a":null,"b":0,"lineItems":1}},"discountCodes":[{"discountCode":{"obj":null}}]}`), []byte(`[{}]`), []byte(`{"exclude":["a"]}`))
	f.Add([]byte(`{"id":"o","createdAt":"2026-01-01T00:00:00Z","customerId":"c","totalPrice":{"type":"highPrecision","preciseAmount":-9223372036854775808,"fractionDigits":255}}`), []byte(`[{"categories":[{"obj":{"ancestors":[{}]}}]}]`), []byte(`{"include":["totalPrice"]}`))
	f.Add([]byte(`{"id":"o","createdAt":"2026-01-01T00:00:00Z","customerId":"c","lineItems":[{"id":"l","discountedPricePerQuantity":[{"quantity":-9223372036854775808,"discountedPrice":{"includedDiscounts":[{"discountedAmount":{"centAmount":9223372036854775807}}]}}]}]}`), []byte(`[null]`), []byte(`{"map":{"lineItems":"id"}}`))
	f.Add([]byte(`{"id":"o","createdAt":"9999-12-31T23:59:59Z","customerId":"c","a":[[[[{"b":{"c":1e400}}]]]],"lineItems":[{"id":"l","x":{}}],"billingAddress":{}}`), []byte(`[]`), []byte(all))

	f.Fuzz(func(t *testing.T, data, more, chosen []byte) {
		order, products := given[commercetools.Order](t, data), given[[]commercetools.Product](t, more)

		cfg := config()
		cfg.Properties = given[mapping.Filter](t, chosen)
		cfg.GuideProperties = true
		cfg.CustomFields.Exclude = []string{"a"}

		placed, one := mapping.PlacedOrder(order, products, mapping.Shop{Locale: "de-DE"}, cfg)
		ordered, two := mapping.OrderedProducts(order, products, mapping.Shop{}, cfg)
		fulfilled, three := mapping.FulfilledOrder(order, products, order.LastModifiedAt, mapping.Shop{}, cfg)
		cancelled, four := mapping.CancelledOrder(order, products, order.LastModifiedAt, mapping.Shop{}, cfg)

		expectEvents(t, errors.Join(one, two, three, four), append(ordered, placed, fulfilled, cancelled)...)
	})
}

// expectEvents looks that Klaviyo takes events, one by one and together.
func expectEvents(t *testing.T, err error, events ...klaviyo.Event) {
	t.Helper()

	if _, ok := errors.AsType[*mapping.MissingError](err); ok {
		return
	}

	if err != nil {
		t.Fatal(err)
	}

	kl := account(t)

	var batch klaviyo.EventBatch

	for _, event := range events {
		expectTaken(t, "the event "+event.Metric, kl.CreateEvent(t.Context(), event))

		err := batch.Add(event.UniqueID, event)
		if _, ok := errors.AsType[*klaviyo.DuplicateError](err); err != nil && !ok {
			t.Fatal(err)
		}
	}

	refused, err := kl.ImportEvents(t.Context(), &batch)
	expectTaken(t, "the rows", err, refused...)
}

func decoded[T any](tb testing.TB, raw string) T {
	tb.Helper()

	v, err := commercetools.Decode[T](json.RawMessage(raw))
	if err != nil {
		tb.Fatal(err)
	}

	return v
}
