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
	return commercetoolstest.Size{Customers: 300, Orders: 1000, Products: 400, Categories: 40}
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
		if diff := cmp.Diff(all, slices.Collect(same.All(endpoint))); diff != "" || len(all) == 0 {
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

	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	shop := commercetoolstest.NewShop(1, some())
	seen := map[string]string{}

	see := func(what, id string) {
		if !uuid.MatchString(id) || seen[id] != "" {
			t.Errorf("%s: id %q is no UUID or that of the %s", what, id, seen[id])
		}

		seen[id] = what
	}

	for _, endpoint := range endpoints() {
		for raw := range shop.All(endpoint) {
			if strings.Contains(string(raw), `\u0026`) || strings.Contains(string(raw), "\n") {
				t.Fatalf("%s: not as commercetools writes it: %s", endpoint, raw)
			}

			see(endpoint, id(t, raw))
		}
	}

	for _, o := range decoded[commercetools.Order](t, shop, "orders") {
		for _, item := range o.LineItems {
			see("line item", item.ID)
		}
	}

	for _, p := range decoded[commercetools.Payment](t, shop, "payments") {
		for _, transaction := range p.Transactions {
			see("transaction", transaction.ID)
		}
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

	for _, endpoint := range endpoints() {
		for raw := range shop.All(endpoint) {
			there[id(t, raw)] = true
		}
	}

	// Of each type the endpoints above have; carts, taxes and such are nobody's business.
	reference := regexp.MustCompile(`\{"typeId":"(customer|order|payment|category|channel|customer-group|discount-code)","id":"([^"]*)"\}`)
	found := map[string]int{}

	for _, endpoint := range endpoints() {
		for raw := range shop.All(endpoint) {
			for _, m := range reference.FindAllSubmatch(raw, -1) {
				found[string(m[1])]++

				if !there[string(m[2])] {
					t.Fatalf("%s refer to %s", endpoint, m[0])
				}
			}
		}
	}

	for _, o := range decoded[commercetools.Order](t, shop, "orders") {
		if o.CustomerID != "" && !there[o.CustomerID] {
			t.Errorf("order %s is of nobody", o.ID)
		}

		for _, item := range o.LineItems {
			if (len(item.ProductSlug) > 0) != there[item.ProductID] {
				t.Errorf("order %s: product %s is there: %t", o.ID, item.ProductID, there[item.ProductID])
			}
		}
	}

	for _, typeID := range []string{"customer", "payment", "category", "channel", "customer-group", "discount-code"} {
		if found[typeID] == 0 {
			t.Errorf("nothing refers to a %s", typeID)
		}
	}
}

// The stock that a product shows is that of the inventory entries, and the standalone prices are those of its SKUs.
func TestSKUs(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewShop(1, some())
	stock, prices := map[string]int64{}, map[string]int{}

	for _, e := range decoded[commercetools.InventoryEntry](t, shop, "inventory") {
		key := e.SKU
		if e.SupplyChannel != nil {
			key += e.SupplyChannel.ID
		}

		stock[key] = e.AvailableQuantity
	}

	for _, p := range decoded[commercetools.StandalonePrice](t, shop, "standalone-prices") {
		prices[p.SKU]++
	}

	entries, priced := 0, 0

	for _, p := range decoded[commercetools.Product](t, shop, "product-projections") {
		for _, v := range p.AllVariants() {
			if v.Availability != nil {
				entries += 1 + len(v.Availability.Channels)

				if got, ok := stock[v.SKU]; !ok || got != v.Availability.AvailableQuantity {
					t.Errorf("%s: %d pieces, want %d", v.SKU, got, v.Availability.AvailableQuantity)
				}

				for channel, a := range v.Availability.Channels {
					if got, ok := stock[v.SKU+channel]; !ok || got != a.AvailableQuantity {
						t.Errorf("%s in %s: %d pieces, want %d", v.SKU, channel, got, a.AvailableQuantity)
					}
				}
			}

			if n := prices[v.SKU]; n > 0 {
				priced += n

				if p.PriceMode != commercetools.PriceModeStandalone {
					t.Errorf("%s has %d standalone prices in mode %s", v.SKU, n, p.PriceMode)
				}
			}
		}
	}

	if entries != shop.Len("inventory") || priced != shop.Len("standalone-prices") || priced == 0 {
		t.Errorf("%d of %d entries and %d of %d prices are of products", entries, shop.Len("inventory"), priced, shop.Len("standalone-prices"))
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

		got, after := []string{}, ""

		for {
			page := get(t, server, "/shop/"+endpoint, url.Values{"where": {fmt.Sprintf(`id > %q`, after)}, "sort": {"id asc"}, "limit": {"100"}})
			got = append(got, page.ids(t)...)

			if page.Count < 100 {
				break
			}

			after = got[len(got)-1]
		}

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", endpoint, diff)
		}

		if page := get(t, server, "/shop/"+endpoint, nil); page.Total == nil || *page.Total != len(want) {
			t.Errorf("%s: total %v, want %d", endpoint, page.Total, len(want))
		}
	}
}
