package commercetoolstest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

// endpoints are those of a generated shop.
func endpoints() []string {
	return []string{
		"customers", "orders", "payments", "categories", "product-projections", "inventory", "standalone-prices",
		"channels", "customer-groups", "stores", "discount-codes",
	}
}

func some() commercetoolstest.Size {
	return commercetoolstest.Size{Customers: 100, Orders: 500, Products: 300, Categories: 40}
}

// decoded are all resources of an endpoint.
func decoded[T any](t *testing.T, shop *commercetoolstest.Shop, endpoint string) []T {
	t.Helper()

	all := []T{}

	for raw := range shop.All(endpoint) {
		one, err := commercetools.Decode[T](raw)
		if err != nil {
			t.Fatal(err)
		}

		all = append(all, one)
	}

	return all
}

func TestShopIsDeterministic(t *testing.T) {
	t.Parallel()

	shop, same, other := commercetoolstest.NewShop(3, some()), commercetoolstest.NewShop(3, some()), commercetoolstest.NewShop(4, some())

	for _, endpoint := range endpoints() {
		all := slices.Collect(shop.All(endpoint))
		if len(all) == 0 || !slices.EqualFunc(all, slices.Collect(same.All(endpoint)), slices.Equal[json.RawMessage]) {
			t.Errorf("%s differ", endpoint)
		}

		if string(all[0]) == string(other.Resource(endpoint, 0)) {
			t.Errorf("%s: another seed gives the same", endpoint)
		}
	}
}

// What the API never gives: white space, HTML escapes, an id twice or of another form.
func TestShopIsRegular(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewShop(1, some())

	var ids []string

	for _, endpoint := range endpoints() {
		for raw := range shop.All(endpoint) {
			if strings.Contains(string(raw), `\u0026`) || strings.Contains(string(raw), "\n") {
				t.Fatalf("%s: not as commercetools writes it: %s", endpoint, raw)
			}

			ids = append(ids, id(t, raw))
		}
	}

	for _, o := range decoded[commercetools.Order](t, shop, "orders") {
		for _, item := range o.LineItems {
			ids = append(ids, item.ID)
		}
	}

	for _, p := range decoded[commercetools.Payment](t, shop, "payments") {
		for _, transaction := range p.Transactions {
			ids = append(ids, transaction.ID)
		}
	}

	wantUUIDs(t, ids)
}

// wantUUIDs fails unless all are UUIDs of version 4, each another.
func wantUUIDs(t *testing.T, ids []string) {
	t.Helper()

	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}

	for _, id := range ids {
		if !uuid.MatchString(id) || seen[id] {
			t.Errorf("%q is no UUID, or comes twice", id)
		}

		seen[id] = true
	}
}

func id(t *testing.T, raw json.RawMessage) string {
	t.Helper()

	one, err := commercetools.Decode[struct {
		ID             string `json:"id"`
		Version        int    `json:"version"`
		CreatedAt      string `json:"createdAt"`
		LastModifiedAt string `json:"lastModifiedAt"`
	}](raw)
	if err != nil {
		t.Fatal(err)
	}

	if one.Version < 1 || one.CreatedAt == "" || one.LastModifiedAt < one.CreatedAt || one.LastModifiedAt > "2026-11" {
		t.Errorf("%s: version %d, from %s to %s", one.ID, one.Version, one.CreatedAt, one.LastModifiedAt)
	}

	return one.ID
}

func TestGetOfShop(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewShop(1, some())

	for _, endpoint := range endpoints() {
		for raw := range shop.All(endpoint) {
			if got := shop.Get(endpoint, id(t, raw)); string(got) != string(raw) {
				t.Errorf("%s: %s is %s", endpoint, id(t, raw), got)
			}
		}

		if got := shop.Get(endpoint, "x"); got != nil {
			t.Errorf("%s that is not there: %s", endpoint, got)
		}
	}
}

// Ids spread evenly, or begin with the same digit.
func TestShopIDs(t *testing.T) {
	t.Parallel()

	for _, sameDigit := range []bool{false, true} {
		size := some()
		size.SameDigit = sameDigit
		shop := commercetoolstest.NewShop(1, size)
		spread := map[byte]int{}

		for raw := range shop.All("orders") {
			spread[id(t, raw)[0]]++
		}

		if want := map[bool]int{false: 16, true: 1}[sameDigit]; len(spread) != want {
			t.Errorf("same digit %t: the ids begin with %d digits, want %d", sameDigit, len(spread), want)
		}

		if few := slices.Min(slices.Collect(maps.Values(spread))); few < size.Orders/32 {
			t.Errorf("same digit %t: only %d of %d ids begin with one digit", sameDigit, few, size.Orders)
		}
	}
}

// The smallest shops and those that lack something are whole too.
func TestSmallShops(t *testing.T) {
	t.Parallel()

	for _, size := range []commercetoolstest.Size{
		{}, {Orders: 200}, {Orders: 60, Customers: 1}, {Orders: 60, Products: 1}, {Products: 60}, {Products: 60, Categories: 1}, {Categories: 5},
	} {
		shop := commercetoolstest.NewShop(1, size)

		for _, endpoint := range endpoints() {
			for raw := range shop.All(endpoint) {
				if !json.Valid(raw) {
					t.Errorf("%+v: %s: %s", size, endpoint, raw)
				}
			}
		}
	}
}

// Whatever a resource refers to is there.
func TestReferences(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewShop(1, some())
	there := map[string]bool{}

	// Of the types that the shop has; carts, taxes and such are nobody's business.
	form := regexp.MustCompile(`\{"typeId":"(customer|order|payment|category|channel|customer-group|discount-code)","id":"([^"]*)"\}`)
	referred := map[string][]string{}

	for _, endpoint := range endpoints() {
		for raw := range shop.All(endpoint) {
			there[id(t, raw)] = true

			for _, m := range form.FindAllSubmatch(raw, -1) {
				referred[string(m[1])] = append(referred[string(m[1])], string(m[2]))
			}
		}
	}

	for _, typeID := range []string{"customer", "payment", "category", "channel", "customer-group", "discount-code"} {
		missing := slices.ContainsFunc(referred[typeID], func(id string) bool { return !there[id] })
		if missing || len(referred[typeID]) == 0 {
			t.Errorf("there is no reference to a %s, or one to one that is not there", typeID)
		}
	}

	for _, o := range decoded[commercetools.Order](t, shop, "orders") {
		// A product that is gone has no slug.
		wrong := slices.ContainsFunc(o.LineItems, func(item commercetools.LineItem) bool {
			return there[item.ProductID] != (len(item.ProductSlug) > 0)
		})
		if wrong || o.CustomerID != "" && !there[o.CustomerID] {
			t.Errorf("order %s has a customer or a product that is not there", o.ID)
		}
	}
}

// The stock that products show is that of the inventory entries.
func TestStockOfProducts(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewShop(1, some())
	want, got := map[string]int64{}, map[string]int64{}

	for _, e := range decoded[commercetools.InventoryEntry](t, shop, "inventory") {
		key := e.SKU
		if e.SupplyChannel != nil {
			key += " in " + e.SupplyChannel.ID
		}

		want[key] = e.AvailableQuantity
	}

	for _, p := range decoded[commercetools.Product](t, shop, "product-projections") {
		for _, v := range p.AllVariants() {
			addStock(got, v)
		}
	}

	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("stock (-entries +products):\n%s", diff)
	}
}

func addStock(stock map[string]int64, v commercetools.Variant) {
	if v.Availability == nil {
		return
	}

	stock[v.SKU] = v.Availability.AvailableQuantity
	for channel, a := range v.Availability.Channels {
		stock[v.SKU+" in "+channel] = a.AvailableQuantity
	}
}

// The products whose mode says so have standalone prices, unless they have none at all; the others have none.
func TestStandalonePricesOfProducts(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewShop(1, some())
	prices := map[string]int{}

	for _, p := range decoded[commercetools.StandalonePrice](t, shop, "standalone-prices") {
		prices[p.SKU]++
	}

	for _, p := range decoded[commercetools.Product](t, shop, "product-projections") {
		for _, v := range p.AllVariants() {
			if n := prices[v.SKU]; n != 0 && n != 4 || n == 4 && p.PriceMode != commercetools.PriceModeStandalone {
				t.Errorf("%s has %d standalone prices, and the mode %s", v.SKU, n, p.PriceMode)
			}

			delete(prices, v.SKU)
		}
	}

	if len(prices) > 0 || shop.Len("standalone-prices") == 0 {
		t.Errorf("%d of %d standalone prices are of no product", 4*len(prices), shop.Len("standalone-prices"))
	}
}

// Of a served shop every page has its length, all pages together have every resource once, and those that are not
// published are in none.
func TestServedShop(t *testing.T) {
	t.Parallel()

	server := commercetoolstest.NewServer("shop")
	shop := commercetoolstest.NewShop(1, some())
	server.Fill(shop)

	for _, endpoint := range endpoints() {
		want := []string{}

		for raw := range shop.All(endpoint) {
			if !strings.Contains(string(raw), `"published":false`) {
				want = append(want, id(t, raw))
			}
		}

		slices.Sort(want)

		if diff := cmp.Diff(want, allPages(t, server, endpoint)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", endpoint, diff)
		}

		if page := get(t, server, "/shop/"+endpoint, nil); page.Total == nil || *page.Total != len(want) {
			t.Errorf("%s: total %v, want %d", endpoint, page.Total, len(want))
		}
	}
}

// allPages reads all ids as an import does.
func allPages(t *testing.T, server *commercetoolstest.Server, endpoint string) []string {
	t.Helper()

	for all := []string{""}; ; {
		page := get(t, server, "/shop/"+endpoint, url.Values{
			"where": {fmt.Sprintf("id > %q", all[len(all)-1])}, "sort": {"id asc"}, "limit": {"100"}, "withTotal": {"false"},
		})

		all = append(all, page.ids(t)...)
		if page.Count < 100 {
			return all[1:]
		}
	}
}
