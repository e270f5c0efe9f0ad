package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// The demo shop's imports are held against expectations that are worked out here, from the shop's JSON and what the README
// promises, and not by the code that they test: see wanted*_test.go.

// account is what Klaviyo has, or should have, as JSON by kind and id: "profile <customer>", "Placed Order <order>",
// "variant <SKU>".
type account map[string]string

// fields are those of one record.
type fields map[string]any

// TestImported imports the demo shop, and compares every record.
func TestImported(t *testing.T) {
	t.Parallel()
	functiontest.NotWithRace(t)

	if testing.Short() {
		t.Skip("18,000 records take their time; not with -short")
	}

	s := newShopOf(t, demoSize(), klaviyotest.Options{}, asItIs)

	out, err := local(t, s.env, "run", "--json").Output()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}

	wantReports(t, string(out))

	// It has every case that makes imports hard, and as much of it as the README says.
	want := wantedAccount(t, demoSize(), bulk.Resources()...)
	for kind, atLeast := range map[string]int{
		"category": 40, "item": 270, "variant": 750, "profile": 2000, "guest": 500, "Placed Order": 2900, "Ordered Product": 8000,
		"Fulfilled Order": 1700, "Cancelled Order": 250, "Refunded Order": 1000,
	} {
		n := 0

		for id := range want {
			if strings.HasPrefix(id, kind+" ") {
				n++
			}
		}

		if n < atLeast {
			t.Errorf("the shop makes %d of %s, want %d at least", n, kind, atLeast)
		}
	}

	wantAccount(t, s, want)
}

// wantReports fails unless each resource has a last report, in their order, and there is nothing else.
func wantReports(t *testing.T, out string) {
	t.Helper()

	var ended []bulk.Resource

	for line := range strings.Lines(out) {
		var r report
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Errorf("%q: %v", line, err)
		}

		if r.Final {
			ended = append(ended, r.Resource)
		}

		if r.Final && (r.Status != bulk.Done || r.Read == 0 || r.Read != r.Sent+r.Skipped || r.KlaviyoRequests == 0) {
			t.Errorf("the last report is %s", line)
		}
	}

	if diff := cmp.Diff(bulk.Resources(), ended); diff != "" {
		t.Errorf("last reports (-want +got):\n%s", diff)
	}
}

// wantedAccount is what an account should have after imports of a shop.
func wantedAccount(t *testing.T, size commercetoolstest.Size, resources ...bulk.Resource) account {
	t.Helper()

	all := account{}
	shop := commercetoolstest.NewShop(demoSeed, size)

	for _, resource := range resources {
		switch resource {
		case bulk.Categories:
			wantedCategories(t, shop, all)
		case bulk.Products:
			wantedProducts(t, shop, all)
		case bulk.Customers:
			wantedCustomers(t, shop, all)
		case bulk.Orders:
			wantedOrders(t, shop, all)
		}
	}

	return all
}

// wantAccount fails unless Klaviyo has just this.
func wantAccount(t *testing.T, s *shop, want account) {
	t.Helper()

	got, wrong := s.account(t), 0

	for _, id := range slices.Sorted(maps.Keys(want)) {
		if want[id] != got[id] && wrong < 10 {
			wrong++

			t.Errorf("%s (-want +got):\n%s", id, cmp.Diff(decoded(t, want[id]), decoded(t, got[id])))
		}

		delete(got, id)
	}

	for _, id := range slices.Sorted(maps.Keys(got))[:min(len(got), 10)] {
		t.Errorf("%s was not expected: %v", id, got[id])
	}
}

// account is what Klaviyo has, as far as it is compared.
func (s *shop) account(t *testing.T) account {
	t.Helper()

	all, whose := account{}, map[string]string{}
	add := func(id string, value any) {
		if _, twice := all[id]; twice {
			t.Errorf("%s is there twice", id)
		}

		all.set(t, id, value)
	}

	for _, p := range s.kl.Profiles() {
		id := fmt.Sprint("guest ", p.Attributes["email"])
		if customer, known := p.Attributes["external_id"]; known {
			id = fmt.Sprint("profile ", customer)
		}

		if p.Attributes["phone_number"] == sharedPhone {
			delete(p.Attributes, "phone_number")
		}

		whose[p.ID] = id
		add(id, p.Attributes)
	}

	for kind, entries := range map[string][]klaviyotest.Entry{"item": s.kl.Items(), "variant": s.kl.Variants(), "category": s.kl.Categories()} {
		for _, e := range entries {
			delete(e.Attributes, "custom_metadata") // golden files show it

			if kind != "category" {
				e.Attributes["price"] = number(fmt.Sprint(e.Attributes["price"]))
				e.Attributes["refs"] = e.Refs
			}

			add(kind+" "+e.ExternalID, e.Attributes)
		}
	}

	for _, e := range s.kl.Events() {
		add(e.Metric+" "+e.UniqueID, fields{
			"value": number(string(e.Value)), "currency": e.ValueCurrency, "time": e.Time.UTC().Format(time.RFC3339), "backfill": e.Backfill,
			"profile": whose[e.ProfileID], "properties": compared(e.Metric, e.Properties),
		})
	}

	return all
}

func (a account) set(t *testing.T, id string, value any) {
	t.Helper()

	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}

	a[id] = string(text)
}

// decoded is the value of a JSON text; nil for none.
func decoded(t *testing.T, text string) any {
	t.Helper()

	var value any
	if err := json.Unmarshal([]byte(text), &value); text != "" && err != nil {
		t.Fatal(err)
	}

	return value
}

// number writes a number in one way: 19.9 and 19.90 are "19.9000".
func number(text string) string {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return "no number: " + text
	}

	return r.FloatString(4)
}
