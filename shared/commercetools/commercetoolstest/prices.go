package commercetoolstest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// price is a price in commercetools' order of properties.
type price struct {
	ID            string      `json:"id"`
	Value         money       `json:"value"`
	Country       string      `json:"country,omitempty"`
	CustomerGroup *reference  `json:"customerGroup,omitempty"`
	Channel       *reference  `json:"channel,omitempty"`
	ValidFrom     string      `json:"validFrom,omitempty"`
	ValidUntil    string      `json:"validUntil,omitempty"`
	Discounted    *discounted `json:"discounted,omitempty"`
	Tiers         []tier      `json:"tiers,omitempty"`
}

type discounted struct {
	Value    money     `json:"value"`
	Discount reference `json:"discount"`
}

type tier struct {
	MinimumQuantity int   `json:"minimumQuantity"`
	Value           money `json:"value"`
}

// standalonePrice is a price beside the products, in commercetools' order of properties.
type standalonePrice struct {
	base
	SKU           string     `json:"sku"`
	Value         money      `json:"value"`
	Country       string     `json:"country,omitempty"`
	CustomerGroup *reference `json:"customerGroup,omitempty"`
	Active        bool       `json:"active"`
}

func sku(product, v int) string { return fmt.Sprintf("SKU-%s-%d", padded(product), v+1) }

// variantOf is the opposite of sku; ok is false when the shop has no such SKU.
func (s *Shop) variantOf(sku string) (product, v int, ok bool) {
	first, second, _ := strings.Cut(strings.TrimPrefix(sku, "SKU-"), "-")
	product, err := strconv.Atoi(first)
	v, err2 := strconv.Atoi(second)

	return product, v - 1, err == nil && err2 == nil && product >= 0 && product < s.size.Products && v >= 1 && v <= skusOf(product)
}

// embeddedPrices are the prices of a variant: euros for everybody, dollars in the US, pounds in Britain, and for some
//   - a lower price in the past, now, or in the future only (one product in six each),
//   - a product discount (one in four),
//   - a price for a customer group (one in ten) or in a channel (one in twelve), both lower than all others,
//   - a price for five and more (one in nine), Swiss francs and yen (one in three),
//   - an amount finer than a cent (one in 37).
func (s *Shop) embeddedPrices(g generator, n, v int, euroCents int64) []price {
	prices := []price{
		{ID: g.uuid(), Value: cents("EUR", euroCents)},
		{ID: g.uuid(), Value: cents("USD", inCurrency("USD", euroCents)), Country: "US"},
		{ID: g.uuid(), Value: cents("GBP", inCurrency("GBP", euroCents)), Country: "GB"},
	}

	if until, ok := map[int]int{0: 2021, 1: 2040, 2: 2041}[n%6]; ok {
		from := map[int]int{2021: 2020, 2040: 2025, 2041: 2040}[until]
		prices = append(prices, price{
			ID: g.uuid(), Value: cents("EUR", euroCents*8/10),
			ValidFrom: instant(year(from)), ValidUntil: instant(year(until)),
		})
	}

	if every(4, 3, n) {
		prices[1].Discounted = reduced(prices[1].Value)
	}

	if every(10, 4, n) {
		prices = append(prices, price{ID: g.uuid(), Value: cents("EUR", euroCents/2), CustomerGroup: new(s.ref("customer-group", aGroup, 0))})
	}

	if every(12, 7, n) {
		prices = append(prices, price{ID: g.uuid(), Value: cents("USD", euroCents/3), Channel: new(s.ref("channel", aChannel, 1))})
	}

	if every(9, 5, n) {
		prices[0].Tiers = []tier{{MinimumQuantity: 5, Value: cents("EUR", euroCents*7/10)}}
	}

	if every(3, 0, n) {
		prices = append(prices,
			price{ID: g.uuid(), Value: cents("CHF", inCurrency("CHF", euroCents))},
			price{ID: g.uuid(), Value: cents("JPY", inCurrency("JPY", euroCents)), Country: "JP"})
	}

	if every(37, 15, n) && v == 0 {
		prices[0].Value = fine(prices[0].Value)
	}

	return prices
}

// fine is an amount less a hundredth of the currency's coin.
func fine(m money) money {
	m.Type, m.PreciseAmount = "highPrecision", m.CentAmount*100-1
	m.FractionDigits += 2

	return m
}

// reduced is a product discount of a tenth.
func reduced(m money) *discounted {
	m.CentAmount = m.CentAmount * 9 / 10

	return &discounted{Value: m, Discount: reference{"product-discount", "5a0b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d"}}
}

// perSKU is how many standalone prices a SKU has: see standalonePrice.
const perSKU = 4

// pricesOf is how many standalone prices a product has.
func pricesOf(n int) int {
	if !standalone(n) || unpriced(n) {
		return 0
	}

	return perSKU * skusOf(n)
}

// standalonePrice generates a price for everybody, one in the US, one for a customer group, and one that is not active.
func (s *Shop) standalonePrice(number int) standalonePrice {
	n, which := s.prices.whole(number)
	v := which / perSKU
	euroCents := 900 + int64(mix(uint64(n))%20_000) + int64(v)*100 //nolint:gosec // small

	p := standalonePrice{
		base:  newBase(s.id(aPrice, number), unchanged(number)),
		SKU:   sku(n, v),
		Value: cents("EUR", euroCents), Active: true,
	}

	switch which % perSKU {
	case 1:
		p.Value, p.Country = cents("USD", inCurrency("USD", euroCents)), "US"
	case 2:
		p.Value, p.CustomerGroup = cents("EUR", euroCents/2), new(s.ref("customer-group", aGroup, 1))
	case 3:
		p.Value, p.Active = cents("EUR", euroCents/4), false
	}

	return p
}

// unchanged is the life of what nobody has touched since it was created.
func unchanged(number int) life {
	created := year(2022).Add(time.Duration(number%500_000) * time.Minute)

	return life{created: created, modified: created, version: 1}
}

// priced are the numbers of a SKU's standalone prices.
func (s *Shop) priced(sku string) []int {
	n, v, ok := s.variantOf(sku)
	if !ok || pricesOf(n) == 0 {
		return nil
	}

	from, _ := s.prices.of(n)

	return numbers(from+v*perSKU, perSKU)
}

func numbers(from, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = from + i
	}

	return all
}
