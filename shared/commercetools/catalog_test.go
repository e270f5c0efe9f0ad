package commercetools_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
)

// only are the prices that a client asks for.
const only = " and active = true and customerGroup is not defined and channel is not defined"

func TestCatalogQueries(t *testing.T) {
	t.Parallel()

	ctx := t.Context()

	tests := map[string]struct {
		send func(*commercetools.Client) error
		want url.Values
	}{
		"inventory": {
			func(c *commercetools.Client) error {
				_, err := c.InventoryOf(ctx, "", `5" nail`, "B")

				return err
			},
			url.Values{
				"where": {`sku in ("5\" nail","B") and supplyChannel is not defined`}, "sort": {"id asc"}, "limit": {"500"}, "withTotal": {"false"},
			},
		},
		"inventory of a channel": {
			func(c *commercetools.Client) error {
				_, err := c.InventoryOf(ctx, `c\`, "A")

				return err
			},
			url.Values{
				"where": {`sku in ("A") and (supplyChannel is not defined or supplyChannel(id = "c\\"))`},
				"sort":  {"id asc"}, "limit": {"500"}, "withTotal": {"false"},
			},
		},
		"standalone prices": {
			func(c *commercetools.Client) error {
				_, err := c.StandalonePrices(ctx, "A", "", `5" nail`, "B")

				return err
			},
			url.Values{
				"where": {`sku in ("A","5\" nail","B")` + only}, "sort": {"id asc"}, "limit": {"500"}, "withTotal": {"false"},
			},
		},
		"no SKUs": {
			func(c *commercetools.Client) error {
				_, err := c.StandalonePrices(ctx, "", " ")

				return err
			},
			nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			client, last := asked()
			if err := tt.send(client); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tt.want, *last); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}
		})
	}
}

// The prices of many SKUs, some with long names, and more than a page of one: none is missing, none comes twice, and no URL
// is too long for the fake, which refuses one like commercetools.
func TestStandalonePrices(t *testing.T) {
	t.Parallel()

	var (
		skus []string
		want []string
	)

	server := commercetoolstest.NewServer("shop")

	for i := range 700 {
		sku := fmt.Sprintf("%s-%d", strings.Repeat("ü", i%100), i)
		skus = append(skus, sku)
		want = append(want, fmt.Sprintf("%04d", i))
		server.Put("standalone-prices", json.RawMessage(fmt.Sprintf(`{"id":"%04d","sku":%q,"active":true,"value":{}}`, i, sku)))
	}

	for i := range 1000 {
		want = append(want, fmt.Sprintf("many-%04d", i))
		server.Put("standalone-prices", json.RawMessage(fmt.Sprintf(`{"id":"many-%04d","sku":"many","active":true,"value":{}}`, i)))
	}

	// Those of a customer group or a channel are not for everyone to see.
	server.Put("standalone-prices",
		json.RawMessage(`{"id":"group","sku":"many","active":true,"value":{},"customerGroup":{"typeId":"customer-group","id":"g"}}`),
		json.RawMessage(`{"id":"channel","sku":"many","active":true,"value":{},"channel":{"typeId":"channel","id":"c"}}`),
		json.RawMessage(`{"id":"inactive","sku":"many","active":false,"value":{}}`))

	client := commercetools.New(local(server))

	prices, err := client.StandalonePrices(t.Context(), append(skus, "many")...)
	if err != nil {
		t.Fatal(err)
	}

	got := make([]string, len(prices))
	for i, p := range prices {
		got[i] = p.ID
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("prices (-want +got):\n%s", diff)
	}
}

func TestCatalogErrors(t *testing.T) {
	t.Parallel()

	client := commercetools.New(local(scripted(func(_ int, r *http.Request) faulttest.Fault {
		if r.URL.Path == "/shop/categories/gone" {
			return faulttest.Fault{Status: 404, Body: `{"errors":[{"code":"ResourceNotFound"}]}`}
		}

		return faulttest.Fault{Status: 200, Body: `{"results":[{"id":"1","sku":7}]}`}
	})))

	if _, err := client.Category(t.Context(), "gone"); !commercetools.IsNotFound(err) {
		t.Errorf("a category that is gone: %v", err)
	}

	_, stock := client.InventoryOf(t.Context(), "c", "A")
	_, prices := client.StandalonePrices(t.Context(), "A")

	for _, err := range []error{stock, prices} {
		if err == nil || !strings.Contains(err.Error(), "sku holds number") {
			t.Errorf("a SKU that is a number: %v", err)
		}
	}
}

// Whatever an SKU holds, it is compared with SKUs, and ends no predicate.
func FuzzSKU(f *testing.F) {
	for _, sku := range []string{"A", `5" nail`, `\`, `\"`, `") or sku in ("other`, "a\nb", "a\x00b", "..", "ü漢🙂", "&limit=1", strings.Repeat("a", 20_000)} {
		f.Add(sku)
	}

	f.Fuzz(func(t *testing.T, sku string) {
		if !utf8.ValidString(sku) || strings.TrimSpace(sku) == "" || sku == "other" {
			t.Skip("no SKU that JSON can bring, or none at all")
		}

		shop := commercetoolstest.NewServer("shop")

		for i, s := range []string{sku, "other"} {
			entry, err := json.Marshal(map[string]any{"id": fmt.Sprintf("entry-%d", i), "version": 1, "sku": s, "availableQuantity": 1})
			if err != nil {
				t.Fatal(err)
			}

			shop.Put("inventory", entry)
		}

		got, err := commercetools.New(local(shop)).InventoryOf(t.Context(), "", sku)
		// One that is too long for a URL isn't asked about.
		if tooLong := len(sku) > 1000 && len(got) == 0; err != nil || !tooLong && (len(got) != 1 || got[0].SKU != sku) {
			t.Errorf("got %d entries, %v, want the one of %.50q", len(got), err, sku)
		}
	})
}
