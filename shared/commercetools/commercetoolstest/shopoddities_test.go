package commercetoolstest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

// oddity is a case that tests of an import may count on, and how many resources it should have.
type oddity[T any] struct {
	is   func(T) bool
	want int
}

// wantOddities fails unless each is there as often as it should be.
func wantOddities[T any](t *testing.T, all []T, oddities map[string]oddity[T]) {
	t.Helper()

	for name, o := range oddities {
		got := 0

		for _, one := range all {
			if o.is(one) {
				got++
			}
		}

		if got != o.want {
			t.Errorf("%d of %d with %s, want %d", got, len(all), name, o.want)
		}
	}
}

// count is how many of the numbers below n are such.
func count(n int, is func(i int) bool) int {
	counted := 0

	for i := range n {
		if is(i) {
			counted++
		}
	}

	return counted
}

// oneIn is how many of the numbers below n leave a rest.
func oneIn(n, divisor, rest int) int {
	return count(n, func(i int) bool { return i%divisor == rest })
}

func TestOddOrders(t *testing.T) {
	t.Parallel()

	type order = commercetools.Order

	shop := commercetoolstest.NewShop(1, some())
	n := some().Orders
	nobody := func(i int) bool { return i%97 == 13 }
	guest := func(i int) bool { return i%5 == 1 || nobody(i) }

	orders := decoded[order](t, shop, "orders")

	wantOddities(t, orders, map[string]oddity[order]{
		"no customer":         {func(o order) bool { return o.CustomerID == "" }, count(n, guest)},
		"no email":            {func(o order) bool { return o.CustomerEmail == "" }, count(n, func(i int) bool { return i%41 == 7 || nobody(i) })},
		"nobody":              {func(o order) bool { return o.CustomerID+o.CustomerEmail == "" }, count(n, func(i int) bool { return nobody(i) || guest(i) && i%41 == 7 })},
		"state Open":          {func(o order) bool { return o.OrderState == "Open" }, n * 3 / 10},
		"state Confirmed":     {func(o order) bool { return o.OrderState == "Confirmed" }, n * 3 / 10},
		"state Complete":      {func(o order) bool { return o.OrderState == "Complete" }, n * 3 / 10},
		"state Cancelled":     {func(o order) bool { return o.OrderState == "Cancelled" }, n / 10},
		"no payment":          {func(o order) bool { return len(o.PaymentIDs()) == 0 }, n * 2 / 10},
		"two payments":        {func(o order) bool { return len(o.PaymentIDs()) == 2 }, n / 10},
		"no address":          {func(o order) bool { return o.ShippingAddress == nil && o.BillingAddress == nil }, oneIn(n, 17, 4)},
		"a custom line item":  {func(o order) bool { return len(o.CustomLineItems) > 0 }, oneIn(n, 7, 3)},
		"a discount code":     {func(o order) bool { return len(o.DiscountCodes) > 0 }, oneIn(n, 6, 2)},
		"a code in vain":      {func(o order) bool { return len(o.DiscountCodes) == 2 }, oneIn(n, 12, 8)},
		"a cheaper line item": {func(o order) bool { return len(o.LineItems[0].DiscountedPricePerQuantity) > 0 }, oneIn(n, 6, 2)},
		"a cheaper total":     {func(o order) bool { return o.DiscountOnTotalPrice != nil }, oneIn(n, 18, 9)},
		"no shipping":         {func(o order) bool { return o.ShippingInfo == nil }, oneIn(n, 8, 5)},
		"custom fields":       {func(o order) bool { return o.Custom != nil }, n / 2},
		"no or many items":    {func(o order) bool { return len(o.LineItems) < 1 || len(o.LineItems) > 5 }, 0},
		"an unpaid total":     {func(o order) bool { return o.TotalPrice.CentAmount <= 0 }, 0},
	})

	wantSome(t, orders, map[string]func(order) bool{
		"yen":        func(o order) bool { return o.TotalPrice.CurrencyCode == "JPY" && o.TotalPrice.FractionDigits == 0 },
		"euros":      func(o order) bool { return o.TotalPrice.CurrencyCode == "EUR" },
		"one item":   func(o order) bool { return len(o.LineItems) == 1 },
		"five items": func(o order) bool { return len(o.LineItems) == 5 },
		"reduced": func(o order) bool {
			return slices.ContainsFunc(o.LineItems, func(i commercetools.LineItem) bool { return i.Price.Discounted != nil })
		},
		"fine prices": func(o order) bool { return slices.ContainsFunc(o.LineItems, fine) },
		"a product that is gone": func(o order) bool {
			return slices.ContainsFunc(o.LineItems, func(i commercetools.LineItem) bool { return len(i.ProductSlug) == 0 })
		},
	})
}

func fine(i commercetools.LineItem) bool { return i.Price.Value.Type == commercetools.HighPrecision }

// wantSome fails unless each case is there.
func wantSome[T any](t *testing.T, all []T, cases map[string]func(T) bool) {
	t.Helper()

	for name, is := range cases {
		if !slices.ContainsFunc(all, is) {
			t.Errorf("none of %d with %s", len(all), name)
		}
	}
}

func TestOddPayments(t *testing.T) {
	t.Parallel()

	type payment = commercetools.Payment

	refunds := func(p payment) (states string) {
		for _, transaction := range p.Transactions {
			if transaction.Type == commercetools.TransactionRefund {
				states += transaction.State + " "
			}
		}

		return states
	}
	refunded := func(states string) func(payment) bool {
		return func(p payment) bool { return strings.TrimSpace(refunds(p)) == states }
	}

	// paid is how many payments are for orders whose number leaves one of the rests.
	paid := func(divisor int, rests ...int) int {
		counted := 0

		for i := range some().Orders {
			if slices.Contains(rests, i%divisor) {
				counted += []int{1, 1, 1, 0, 1, 1, 1, 0, 1, 2}[i%10]
			}
		}

		return counted
	}

	shop := commercetoolstest.NewShop(1, some())
	payments := decoded[payment](t, shop, "payments")

	wantOddities(t, payments, map[string]oddity[payment]{
		"one refund":      {refunded("Success"), paid(24, 5, 12, 20)},
		"two parts":       {refunded("Success Pending"), paid(24, 8)},
		"three parts":     {func(p payment) bool { return strings.Count(refunds(p), "Success") == 3 }, paid(24, 14)},
		"a failed refund": {refunded("Failure Success"), paid(24, 18)},
		"a new refund":    {refunded("Initial"), paid(24, 22)},
		"no refund":       {refunded(""), shop.Len("payments") - paid(24, 5, 12, 20, 8, 14, 18, 22)},
		"a pending charge": {func(p payment) bool {
			return p.Transactions[len(p.Transactions)-1].State == "Pending" && refunds(p) == ""
		}, pendingCharges(paid)},
	})

	wantSome(t, payments, map[string]func(payment) bool{
		"a refund without a time": func(p payment) bool {
			return slices.ContainsFunc(p.Transactions, func(t commercetools.Transaction) bool { return t.Timestamp.IsZero() })
		},
		"a failed charge": func(p payment) bool {
			return slices.ContainsFunc(p.Transactions, func(t commercetools.Transaction) bool { return t.Type == "Charge" && t.State == "Failure" })
		},
	})
}

// pendingCharges are the orders that leave 2 when divided by 15, without those that have refunds.
func pendingCharges(paid func(divisor int, rests ...int) int) int {
	rests := []int{}

	for i := range 120 {
		if i%15 == 2 && !slices.Contains([]int{5, 12, 20, 8, 14, 18, 22}, i%24) {
			rests = append(rests, i)
		}
	}

	return paid(120, rests...)
}

func TestOddProducts(t *testing.T) {
	t.Parallel()

	type product struct {
		commercetools.Product

		Published bool `json:"published"`
	}

	shop := commercetoolstest.NewShop(1, some())
	n := some().Products
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

	all := func(is func(commercetools.Variant) bool) func(product) bool {
		return func(p product) bool {
			return !slices.ContainsFunc(p.AllVariants(), func(v commercetools.Variant) bool { return !is(v) })
		}
	}
	price := func(is func(commercetools.Price) bool) func(product) bool {
		return func(p product) bool { return slices.ContainsFunc(p.MasterVariant.Prices, is) }
	}
	priced := func(rest, divisor int) int {
		return count(n, func(i int) bool { return i%divisor == rest && i%11 != 3 && i%17 != 5 })
	}

	products := decoded[product](t, shop, "product-projections")

	wantOddities(t, products, map[string]oddity[product]{
		"no publication":      {func(p product) bool { return !p.Published }, oneIn(n, 13, 6)},
		"standalone prices":   {func(p product) bool { return p.PriceMode == commercetools.PriceModeStandalone }, oneIn(n, 11, 3)},
		"no embedded price":   {all(func(v commercetools.Variant) bool { return len(v.Prices) == 0 }), count(n, func(i int) bool { return i%11 == 3 || i%17 == 5 })},
		"no picture":          {all(func(v commercetools.Variant) bool { return len(v.Images) == 0 }), oneIn(n, 19, 7)},
		"no category":         {func(p product) bool { return len(p.Categories) == 0 }, oneIn(n, 23, 8)},
		"no description":      {func(p product) bool { return len(p.Description) == 0 }, oneIn(n, 7, 2)},
		"no German name":      {func(p product) bool { return p.Name["de-DE"] == "" }, oneIn(n, 5, 1)},
		"no English name":     {func(p product) bool { return p.Name["en-US"] == "" }, count(n, func(i int) bool { return i%31 == 12 && i%5 != 1 })},
		"no name":             {func(p product) bool { return len(p.Name) == 0 }, 0},
		"no stock":            {all(func(v commercetools.Variant) bool { return v.Availability == nil }), oneIn(n, 9, 4)},
		"a channel's stock":   {func(p product) bool { a := p.MasterVariant.Availability; return a != nil && len(a.Channels) == 1 }, count(n, func(i int) bool { return i%8 == 3 && i%9 != 4 })},
		"a discounted price":  {price(func(p commercetools.Price) bool { return p.Discounted != nil }), priced(3, 4)},
		"a group's price":     {price(func(p commercetools.Price) bool { return p.CustomerGroup != nil }), priced(4, 10)},
		"a channel's price":   {price(func(p commercetools.Price) bool { return p.Channel != nil }), priced(7, 12)},
		"a price for more":    {price(func(p commercetools.Price) bool { return len(p.Tiers) > 0 }), priced(5, 9)},
		"a price in the past": {price(func(p commercetools.Price) bool { return !p.ValidUntil.IsZero() && p.ValidUntil.Before(now) }), priced(0, 6)},
		"a price for now": {price(func(p commercetools.Price) bool {
			return !p.ValidFrom.IsZero() && p.ValidFrom.Before(now) && p.ValidUntil.After(now)
		}), priced(1, 6)},
		"a price to come":      {price(func(p commercetools.Price) bool { return p.ValidFrom.After(now) }), priced(2, 6)},
		"yen":                  {price(func(p commercetools.Price) bool { return p.Value.CurrencyCode == "JPY" }), priced(0, 3)},
		"a fine price":         {price(func(p commercetools.Price) bool { return p.Value.Type == commercetools.HighPrecision }), priced(15, 37)},
		"more than 5 variants": {func(p product) bool { return len(p.Variants) > 4 }, 0},
	})

	wantSome(t, products, map[string]func(product) bool{
		"one variant":        func(p product) bool { return len(p.Variants) == 0 },
		"five variants":      func(p product) bool { return len(p.Variants) == 4 },
		"several categories": func(p product) bool { return len(p.Categories) > 1 },
		"a variant, no SKU":  func(p product) bool { return len(p.Variants) > 0 && p.Variants[0].SKU == "" },
		"nothing on stock":   func(p product) bool { a := p.MasterVariant.Availability; return a != nil && a.AvailableQuantity == 0 },
		"an empty channel":   func(p product) bool { return emptyChannel(p.MasterVariant.Availability) },
		"no SKU, and a price": func(p product) bool {
			return len(p.Variants) > 0 && p.Variants[0].SKU == "" && len(p.Variants[0].Prices) > 0
		},
	})
}

// emptyChannel tells whether a channel has nothing, while there is something elsewhere.
func emptyChannel(a *commercetools.Availability) bool {
	if a == nil || a.AvailableQuantity == 0 {
		return false
	}

	for _, c := range a.Channels {
		if c.AvailableQuantity == 0 {
			return true
		}
	}

	return false
}

func TestCategoryTree(t *testing.T) {
	t.Parallel()

	type category = commercetools.Category

	for n, levels := range map[int][]int{40: {4, 8, 16, 12}, 4: {4}, 1000: {4, 24, 144, 828}} {
		shop := commercetoolstest.NewShop(1, commercetoolstest.Size{Categories: n})
		got := make([]int, len(levels))

		for _, c := range decoded[category](t, shop, "categories") {
			if len(c.Ancestors) >= len(levels) {
				t.Fatalf("of %d categories one is on level %d", n, len(c.Ancestors))
			}

			got[len(c.Ancestors)]++
		}

		if !slices.Equal(levels, got) {
			t.Errorf("%d categories: %v on the levels, want %v", n, got, levels)
		}
	}

	shop := commercetoolstest.NewShop(1, some())
	wantSome(t, decoded[category](t, shop, "categories"), map[string]func(category) bool{
		"no German name":   func(c category) bool { return c.Name["de-DE"] == "" },
		"no English name":  func(c category) bool { return c.Name["en-US"] == "" },
		"British English":  func(c category) bool { return c.Name["en-GB"] != "" },
		"a separator":      func(c category) bool { return strings.Contains(c.Name["en-US"], " > ") },
		"an ampersand":     func(c category) bool { return strings.Contains(c.Name["en-US"], "&") },
		"quotes in a name": func(c category) bool { return strings.Contains(c.Name["en-US"], `"`) },
	})
}
