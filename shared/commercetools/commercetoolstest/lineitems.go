package commercetoolstest

// lineItem is a line item in commercetools' order of properties.
type lineItem struct {
	ID                         string                       `json:"id"`
	ProductID                  string                       `json:"productId"`
	ProductKey                 string                       `json:"productKey,omitempty"`
	Name                       localized                    `json:"name"`
	ProductType                reference                    `json:"productType"`
	ProductSlug                localized                    `json:"productSlug,omitempty"`
	Variant                    variant                      `json:"variant"`
	Price                      price                        `json:"price"`
	Quantity                   int64                        `json:"quantity"`
	DiscountedPricePerQuantity []discountedPricePerQuantity `json:"discountedPricePerQuantity"`
	TaxRate                    taxRate                      `json:"taxRate"`
	PerMethodTaxRate           []struct{}                   `json:"perMethodTaxRate"`
	AddedAt                    string                       `json:"addedAt"`
	LastModifiedAt             string                       `json:"lastModifiedAt"`
	State                      []itemState                  `json:"state"`
	PriceMode                  string                       `json:"priceMode"`
	LineItemMode               string                       `json:"lineItemMode"`
	TotalPrice                 money                        `json:"totalPrice"`
	TaxedPrice                 taxed                        `json:"taxedPrice"`
	TaxedPricePortions         []struct{}                   `json:"taxedPricePortions"`
}

type customLineItem struct {
	ID                         string                       `json:"id"`
	Name                       localized                    `json:"name"`
	Money                      money                        `json:"money"`
	Slug                       string                       `json:"slug"`
	Quantity                   int64                        `json:"quantity"`
	TotalPrice                 money                        `json:"totalPrice"`
	DiscountedPricePerQuantity []discountedPricePerQuantity `json:"discountedPricePerQuantity"`
	PriceMode                  string                       `json:"priceMode"`
}

type discountedPricePerQuantity struct {
	Quantity        int64           `json:"quantity"`
	DiscountedPrice discountedPrice `json:"discountedPrice"`
}

type discountedPrice struct {
	Value             money              `json:"value"`
	IncludedDiscounts []includedDiscount `json:"includedDiscounts"`
}

type itemState struct {
	Quantity int64     `json:"quantity"`
	State    reference `json:"state"`
}

// fill puts one to five line items into an order, and sums up. Of the line items one in 53 is of a product that is gone, one
// in 43 has a price finer than the currency's coin, and one in four a product discount.
func (s *Shop) fill(o *order, g generator, n int, currency string) {
	total := int64(0)

	for i := range 1 + g.IntN(5) {
		item := s.lineItem(g, n, i, currency)
		item.AddedAt, item.LastModifiedAt = o.CreatedAt, o.CreatedAt
		total += item.TotalPrice.CentAmount
		o.LineItems = append(o.LineItems, item)
	}

	if withExtra(n) {
		wrap := cents(currency, inCurrency(currency, 350))
		total += wrap.CentAmount
		o.CustomLineItems = append(o.CustomLineItems, customLineItem{
			ID: g.uuid(), Name: localized{"en-US": "Gift wrapping", "de-DE": "Geschenkverpackung"}, Money: wrap, Slug: "gift-wrapping",
			Quantity: 1, TotalPrice: wrap, DiscountedPricePerQuantity: []discountedPricePerQuantity{}, PriceMode: "Standard",
		})
	}

	if shipping := cents(currency, inCurrency(currency, 490)); !every(8, 5, n) {
		total += shipping.CentAmount
		o.TaxedShippingPrice = new(taxedOf(shipping))
		o.ShippingInfo = &shippingInfo{
			ShippingMethodName: "Standard", Price: shipping,
			ShippingRate: map[string]any{"price": shipping, "tiers": []struct{}{}},
			TaxRate:      vat(), TaxCategory: reference{"tax-category", "7c9e6679-7425-40de-944b-e07fc1f90ae7"}, Deliveries: []struct{}{},
			ShippingMethod:      reference{"shipping-method", "44f5a6b7-c8d9-4eaf-9a2b-3c4d5e6f7081"},
			ShippingMethodState: "MatchesCart", TaxedPrice: taxedOf(shipping),
		}
	}

	if discountedBy(n) {
		o.DiscountCodes = append(o.DiscountCodes, discountCodeInfo{s.ref("discount-code", aCode, n%len(discountCodes())), "MatchesCart"})

		if n%4 == 0 {
			o.DiscountCodes = append(o.DiscountCodes, discountCodeInfo{s.ref("discount-code", aCode, (n+1)%len(discountCodes())), "DoesNotMatchCart"})
		}
	}

	if off := cents(currency, total/20); every(18, 9, n) {
		total -= off.CentAmount
		o.DiscountOnTotalPrice = &discountOnTotalPrice{DiscountedAmount: off, IncludedDiscounts: []includedDiscount{{cartDiscount(), off}}}
	}

	o.TotalPrice = cents(currency, total)
	o.TaxedPrice = taxedOf(o.TotalPrice)
}

// lineItem generates line item i of order n, with the product as it is.
func (s *Shop) lineItem(g generator, n, i int, currency string) lineItem {
	p := s.bought(g, n, i)
	chosen := p.MasterVariant

	if other := g.IntN(len(p.Variants) + 1); other > 0 {
		chosen = p.Variants[other-1]
	}

	chosen.Availability = nil // a line item has none
	chosen.Key = ""

	each := cents(currency, inCurrency(currency, chosen.euroCents))
	quantity := 1 + g.Int64N(4)

	item := lineItem{
		ID: g.uuid(), ProductID: p.ID, ProductKey: p.Key, Name: p.Name, ProductType: p.ProductType, ProductSlug: p.Slug,
		Variant: chosen, Price: price{ID: g.uuid(), Value: each}, Quantity: quantity,
		DiscountedPricePerQuantity: []discountedPricePerQuantity{},
		TaxRate:                    vat(), PerMethodTaxRate: []struct{}{},
		State:     []itemState{{quantity, reference{"state", "33e4f5a6-b7c8-4d9e-8f1a-2b3c4d5e6f70"}}},
		PriceMode: "Platform", LineItemMode: "Standard", TaxedPricePortions: []struct{}{},
	}

	switch {
	case every(43, 5, n+i):
		item.Price.Value = fine(each)
	case every(4, 3, n+i):
		item.Price.Discounted = reduced(each)
		each = item.Price.Discounted.Value
	}

	if discountedBy(n) && i == 0 {
		off := cents(currency, each.CentAmount/10)
		each.CentAmount -= off.CentAmount
		item.DiscountedPricePerQuantity = []discountedPricePerQuantity{{
			Quantity: quantity, DiscountedPrice: discountedPrice{Value: each, IncludedDiscounts: []includedDiscount{{cartDiscount(), off}}},
		}}
	}

	item.TotalPrice = cents(currency, each.CentAmount*quantity)
	item.TaxedPrice = taxedOf(item.TotalPrice)

	return item
}

// bought chooses a product. One that is gone has neither a slug nor a product of its id any more.
func (s *Shop) bought(g generator, n, i int) product {
	chosen := g.IntN(max(s.size.Products, 1))
	p := s.product(chosen)

	if every(53, 17, n+i) || s.size.Products == 0 {
		p.ID, p.Slug, p.Key = s.id(aDeletedProduct, chosen).String(), nil, ""
	}

	return p
}

func cartDiscount() reference {
	return reference{"cart-discount", "6c1d2e3f-4a5b-4c6d-8e7f-8a9b0c1d2e3f"}
}
