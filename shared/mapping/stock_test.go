package mapping_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
)

func TestStock(t *testing.T) {
	t.Parallel()

	const none, c1, c2 = `{"availableQuantity": 7}`,
		`{"availableQuantity": 0, "supplyChannel": {"typeId": "channel", "id": "c1"}}`,
		`{"availableQuantity": 9, "supplyChannel": {"typeId": "channel", "id": "c2"}}`

	tests := map[string]struct {
		channel string
		entries []string
		want    int64
		ok      bool
	}{
		"no channel":                           {"", []string{none}, 7, true},
		"no channel, an entry of one":          {"", []string{c2}, 0, false},
		"no channel among others":              {"", []string{c1, none, c2}, 7, true},
		"the channel, 0 is 0":                  {"c1", []string{c1}, 0, true},
		"the channel before none":              {"c1", []string{none, c1}, 0, true},
		"the channel before none, the reverse": {"c1", []string{c1, none}, 0, true},
		"another channel":                      {"c1", []string{c2}, 0, false},
		"a channel, but stock of none":         {"c1", []string{c2, none}, 7, true},
		"no entry":                             {"c1", nil, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var entries []commercetools.InventoryEntry
			for _, raw := range tt.entries {
				entries = append(entries, decoded[commercetools.InventoryEntry](t, raw))
			}

			if got, ok := mapping.Stock(tt.channel, entries...); got != tt.want || ok != tt.ok {
				t.Errorf("got %d, %t; want %d, %t", got, ok, tt.want, tt.ok)
			}
		})
	}
}

// A product's variant says the same as the inventory.
func TestStockOfVariant(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		channel, availability string
		want                  int64
	}{
		"unknown":                     {"", `null`, 0},
		"no channel":                  {"", `{"availableQuantity": 7, "channels": {"": {"availableQuantity": 1}}}`, 7},
		"the channel, 0 is 0":         {"c1", `{"availableQuantity": 7, "channels": {"c1": {"availableQuantity": 0}, "c2": {"availableQuantity": 9}}}`, 0},
		"the channel":                 {"c2", `{"availableQuantity": 7, "channels": {"c1": {"availableQuantity": 0}, "c2": {"availableQuantity": 9}}}`, 9},
		"a channel that has no entry": {"c3", `{"availableQuantity": 7, "channels": {"c1": {"availableQuantity": 0}}}`, 7},
		"channels only":               {"", `{"channels": {"c1": {"availableQuantity": 4}}}`, 0},
		"sold too many":               {"", `{"availableQuantity": -3}`, -3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			product := decoded[commercetools.Product](t,
				`{"id": "p1", "masterVariant": {"id": 1, "availability": `+tt.availability+`}}`)

			_, variants, err := mapping.Product(
				product, nil, mapping.Shop{}, mapping.ProductConfig{Channel: tt.channel}, time.Time{})
			if err != nil || variants[0].InventoryQuantity != tt.want || variants[0].InventoryPolicy != 1 {
				t.Errorf("got %d with policy %d, error %v; want %d with policy 1",
					variants[0].InventoryQuantity, variants[0].InventoryPolicy, err, tt.want)
			}
		})
	}
}

func FuzzStock(f *testing.F) {
	f.Add([]byte(`[{"supplyChannel":null,"availableQuantity":1},{"supplyChannel":{"id":"c"}},null]`), "c", "sku")
	f.Add([]byte(`[{"supplyChannel":{"id":"c"},"availableQuantity":-9223372036854775808}]`), "c", "../a b?c=\"%2f\x00")

	f.Fuzz(func(t *testing.T, data []byte, channel, sku string) {
		entries := given[[]commercetools.InventoryEntry](t, data)
		sku = strings.ToValidUTF8(sku, "") // as it comes out of JSON

		quantity, ok := mapping.Stock(channel, entries...)
		if !ok && quantity != 0 {
			t.Errorf("%d pieces of nothing", quantity)
		}

		if err := account(t).UpdateVariantStock(t.Context(), sku, quantity); !klaviyo.IsNotFound(err) {
			t.Errorf("the stock of no variant: %v", err)
		}
	})
}
