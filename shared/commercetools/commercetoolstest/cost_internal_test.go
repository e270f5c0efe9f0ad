package commercetoolstest

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// A query makes no more resources than it answers with; counting makes none.
func TestCost(t *testing.T) {
	t.Parallel()

	size := Size{Customers: 2000, Orders: 3000, Products: 900, Categories: 40}
	shop := NewShop(1, size)

	ids := func(k kind, n int) string {
		all := make([]string, n)
		for i := range all {
			all[i] = strconv.Quote(shop.id(k, i).String())
		}

		return strings.Join(all, ",")
	}

	for name, tt := range map[string]struct {
		endpoint string
		query    url.Values
		found    int
		total    int
		// most is how many resources may be made.
		most int64
	}{
		"a page":               {"customers", url.Values{"where": {`id > "4" and id < "d"`}, "sort": {"id asc"}, "limit": {"500"}, "withTotal": {"false"}}, 500, 0, 500},
		"ids":                  {"orders", url.Values{"where": {"id in (" + ids(anOrder, 100) + ")"}, "limit": {"500"}}, 100, 100, 100},
		"products by id":       {"product-projections", url.Values{"where": {"id in (" + ids(aProduct, 130) + ")"}, "limit": {"500"}}, 120, 120, 120},
		"with payments":        {"orders", url.Values{"limit": {"100"}, "withTotal": {"false"}, "expand": {"paymentInfo.payments[*]"}}, 100, 0, 220},
		"all counted":          {"customers", url.Values{"limit": {"0"}}, 0, 2000, 0},
		"published counted":    {"product-projections", url.Values{"limit": {"0"}}, 0, 831, 0},
		"staged":               {"product-projections", url.Values{"limit": {"0"}, "staged": {"true"}}, 0, 900, 0},
		"a range counted":      {"orders", url.Values{"where": {`id > ""`}, "limit": {"0"}}, 0, 3000, 0},
		"changed lately":       {"orders", url.Values{"where": {`lastModifiedAt >= "2026-10-01T00:00:00Z"`}, "limit": {"0"}}, 0, 0, 0},
		"an order, by payment": {"orders", url.Values{"where": {`paymentInfo(payments(id=` + ids(aPayment, 1) + `))`}}, 1, 1, 2},
		"prices": {
			"standalone-prices",
			url.Values{"where": {
				`sku in ("SKU-0000003-1","SKU-0000004-1","x","SKU--1-1") and active = true and customerGroup is not defined and channel is not defined`,
			}},
			2, 2, 6,
		},
		"stock": {"inventory", url.Values{"where": {`sku = "SKU-0000003-1" and supplyChannel(id=` + ids(aChannel, 1) + `)`}}, 1, 1, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			shop := NewShop(1, size)
			made := counting(shop)

			found, total := answered(t, shop, tt.endpoint, tt.query)
			if found != tt.found || total != tt.total {
				t.Errorf("%d of %d, want %d of %d", found, total, tt.found, tt.total)
			}

			if n := made.Load(); n > tt.most {
				t.Errorf("%d resources were made, want %d at the most", n, tt.most)
			}
		})
	}
}

// answered asks a server with the shop; a total that was not asked for is 0.
func answered(t *testing.T, shop *Shop, endpoint string, values url.Values) (found, total int) {
	t.Helper()

	server := NewServer("shop")
	server.Fill(shop)

	q, parameter, err := parseQuery(endpoint, values)
	if err != nil {
		t.Fatal(parameter, err)
	}

	page, total := q.run(server.store.view(endpoint))
	for _, r := range page {
		server.expand(r.text(), q.expand)
	}

	if !q.withTotal {
		total = 0
	}

	return len(page), total
}

// counting counts the resources that a shop makes.
func counting(shop *Shop) *atomic.Int64 {
	var made atomic.Int64

	for _, s := range shop.endpoints {
		one := s.make
		s.make = func(number int) json.RawMessage {
			made.Add(1)

			return one(number)
		}
	}

	return &made
}

// What was put stands over what is generated.
func TestPutOverGenerated(t *testing.T) {
	t.Parallel()

	shop := NewShop(1, Size{Customers: 200})
	server := NewServer("shop")
	server.Fill(shop)

	first, second := shop.id(aCustomer, 0).String(), shop.id(aCustomer, 1).String()

	server.Put("customers", json.RawMessage(`{"id":"`+first+`","email":"new"}`), json.RawMessage(`{"id":"0"}`), json.RawMessage(`{"id":"x"}`))
	server.Delete("customers", second)
	server.Delete("customers", "never there")

	all := server.store.view("customers")

	if n := all.len(); n != 201 {
		t.Errorf("%d customers, want 201", n)
	}

	n, last := 0, ""

	for r := range all.scan("", "") {
		n++

		if r.id <= last || r.id == second {
			t.Errorf("%s comes after %s", r.id, last)
		}

		last = r.id
	}

	if n != 201 || last != "x" || all.get(second) != nil || all.get(first).field("email") != "new" {
		t.Errorf("%d customers, the last is %q; the first is %s", n, last, all.get(first).text())
	}
}
