package commercetools_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

func TestOrder(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewServer("shop")
	shop.Put("orders", json.RawMessage(
		`{"id":"o1","version":3,"discountCodes":[{"discountCode":{"typeId":"discount-code","id":"d1"},"state":"MatchesCart"}]}`))
	shop.Put("discount-codes", json.RawMessage(`{"id":"d1","code":"SUMMER"}`))

	client := commercetools.New(serve(t, shop))

	got, err := client.Order(t.Context(), "o1")
	if err != nil {
		t.Fatal(err)
	}

	if code := got.DiscountCodes[0].DiscountCode.Obj; got.ID != "o1" || got.Version != 3 || code == nil || code.Code != "SUMMER" {
		t.Errorf("order %s of version %d with %v", got.ID, got.Version, got.DiscountCodes)
	}

	// The properties are as nobody had asked for more.
	const codes = `[{"discountCode":{"id":"d1","typeId":"discount-code"},"state":"MatchesCart"}]`
	if got := string(got.Properties["discountCodes"]); got != codes {
		t.Errorf("properties: discount codes %s, want %s", got, codes)
	}

	if _, err := client.Order(t.Context(), "o2"); !commercetools.IsNotFound(err) {
		t.Errorf("a missing order: %v", err)
	}
}

func TestOrderOfPayment(t *testing.T) {
	t.Parallel()

	order := func(id, created string, payments ...string) json.RawMessage {
		refs := make([]map[string]string, len(payments))
		for i, p := range payments {
			refs[i] = map[string]string{"typeId": "payment", "id": p}
		}

		raw, err := json.Marshal(map[string]any{"id": id, "createdAt": created, "paymentInfo": map[string]any{"payments": refs}})
		if err != nil {
			t.Fatal(err)
		}

		return raw
	}

	shop := commercetoolstest.NewServer("shop")
	shop.Put("orders",
		order("o1", "2026-01-03T00:00:00Z", "p1"), order("o2", "2026-01-02T00:00:00Z", "p2", "p1"),
		order("o3", "2026-01-01T00:00:00Z", "p2", `" or id != "`), json.RawMessage(`{"id":"o4"}`))

	client := commercetools.New(serve(t, shop))

	for payment, want := range map[string]string{"p1": "o2", "p2": "o3", `" or id != "`: "o3", "p3": "", `"`: ""} {
		got, found, err := client.OrderOfPayment(t.Context(), payment)
		if err != nil || got.ID != want || found != (want != "") {
			t.Errorf("payment %s: order %q, found %t, error %v; want %q", payment, got.ID, found, err, want)
		}
	}

	got, _, _ := client.OrderOfPayment(t.Context(), "p1")
	if diff := cmp.Diff([]string{"p2", "p1"}, got.PaymentIDs()); diff != "" {
		t.Errorf("payments (-want +got):\n%s", diff)
	}
}

// However many there are, each is asked for once, and all that are there are found.
func TestByID(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewServer("shop")
	shop.Put("categories",
		json.RawMessage(`{"id":"root","name":{"en":"Women"}}`),
		json.RawMessage(`{"id":"leaf","name":{"en":"Pants"},"ancestors":[{"typeId":"category","id":"root"}]}`))

	var asked, there []string

	for i := range 400 {
		id := fmt.Sprintf("0b1a5f5e-6a9b-4c55-9a2e-%012d", i)
		asked = append(asked, id, "", id)

		if i%100 != 7 {
			there = append(there, id)
			shop.Put("product-projections", json.RawMessage(`{"id":"`+id+`","categories":[{"typeId":"category","id":"leaf"}]}`))
		}
	}

	client := commercetools.New(serve(t, shop))

	products, err := client.ProductsByID(t.Context(), asked...)
	if err != nil {
		t.Fatal(err)
	}

	var found []string

	for _, p := range products {
		found = append(found, p.ID)

		if c := p.Categories[0].Obj; c == nil || c.Ancestors[0].Obj == nil || c.Ancestors[0].Obj.Name["en"] != "Women" {
			t.Fatalf("product %s: the categories are not expanded", p.ID)
		}
	}

	slices.Sort(found)

	if diff := cmp.Diff(there, found); diff != "" {
		t.Errorf("products (-want +got):\n%s", diff)
	}

	// One token, three queries of at most 150 ids.
	if n := client.Requests(); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}

	if none, err := client.PaymentsByID(t.Context(), ""); len(none) != 0 || err != nil || client.Requests() != 4 {
		t.Errorf("without ids: %v, error %v, %d requests; want no request", none, err, client.Requests())
	}
}

func TestProductIDs(t *testing.T) {
	t.Parallel()

	order, err := commercetools.Decode[commercetools.Order](json.RawMessage(`{"lineItems":[{"productId":"b"},{"productId":"a"},{"productId":"b"}]}`))
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff([]string{"a", "b"}, order.ProductIDs()); diff != "" {
		t.Errorf("products (-want +got):\n%s", diff)
	}

	if ids := order.PaymentIDs(); len(ids) != 0 {
		t.Errorf("payments %v of an order without", ids)
	}
}

// What is too large for one answer comes in several.
func TestByIDLarge(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewServer("shop")
	blob := strings.Repeat("x", commercetools.MaxAnswer/4)
	ids := make([]string, 5)

	for i := range ids {
		ids[i] = fmt.Sprintf("0b1a5f5e-6a9b-4c55-9a2e-%012d", i)
		shop.Put("product-projections", json.RawMessage(`{"id":"`+ids[i]+`","key":"`+blob+`"}`))
	}

	client := commercetools.New(serve(t, shop))

	products, err := client.ProductsByID(t.Context(), ids...)
	if err != nil || len(products) != len(ids) || client.Requests() != 1+1+3 {
		t.Errorf("%d products in %d requests, error %v; want %d in 5", len(products), client.Requests(), err, len(ids))
	}
}
