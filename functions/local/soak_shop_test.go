package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// compareWithShop compares what there is in Klaviyo with what is left in commercetools, whatever the code has made of it: each
// customer, each category, each product, and of each variant the stock.
func compareWithShop(t *testing.T, w *world, ct http.Handler, account map[string]klaviyotest.Record) {
	t.Helper()

	want, got := map[string]any{}, map[string]any{}
	client := commercetools.New(functiontest.CommercetoolsConfig(functiontest.Memory("http://commercetools.example", ct)))

	for _, c := range whole[rawCustomer](t, client, commercetools.Customers) {
		if c.Email != "" {
			want["profile "+c.ID] = nil
		}
	}

	for _, c := range whole[rawCategory](t, client, commercetools.Categories) {
		want["category "+c.ID] = nil
	}

	stock := map[string]int64{}
	for _, e := range whole[commercetools.InventoryEntry](t, client, commercetools.Inventory) {
		stock[e.SKU] = e.AvailableQuantity
	}

	for _, p := range whole[rawProduct](t, client, commercetools.ProductProjections) {
		want["item "+p.ID] = nil

		for _, v := range append(p.Variants, p.MasterVariant) {
			want["variant "+v.SKU] = float64(v.Availability.AvailableQuantity)
			if n, kept := stock[v.SKU]; kept {
				want["variant "+v.SKU] = float64(n)
			}
		}
	}

	for name, record := range account {
		kind, _, _ := strings.Cut(name, " ")

		// Events and guests are no resources.
		if id, known := record.Attributes["external_id"].(string); known {
			got[kind+" "+id] = record.Attributes["inventory_quantity"]
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%v: what commercetools has (-) isn't what Klaviyo has (+):\n%s", w, diff)
	}
}

// whole are all resources of an endpoint.
func whole[T any](t *testing.T, client *commercetools.Client, e commercetools.Endpoint) (all []T) {
	t.Helper()

	for after := ""; ; {
		page, err := client.Scan(t.Context(), e, commercetools.Window{After: after}, 0, commercetools.Query{})
		if err != nil {
			t.Fatal(err)
		}

		for _, raw := range page {
			one, err := commercetools.Decode[T](raw)
			if err != nil {
				t.Fatal(err)
			}

			all, after = append(all, one), commercetools.IDOf(raw)
		}

		if len(page) < commercetools.MaxLimit {
			return all
		}
	}
}
