package mapping

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// line is a line item as Klaviyo's guide wants it. An order with several prints them in an e-mail.
// Source: https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration.
type line struct {
	ProductID   string      `json:"ProductID"`
	SKU         string      `json:"SKU,omitempty"`
	ProductName string      `json:"ProductName,omitempty"`
	Quantity    int64       `json:"Quantity"`
	ItemPrice   json.Number `json:"ItemPrice"`
	RowTotal    json.Number `json:"RowTotal"`
	ProductURL  string      `json:"ProductURL,omitempty"`
	ImageURL    string      `json:"ImageURL,omitempty"`
	Categories  []string    `json:"Categories"`
	Brand       string      `json:"Brand,omitempty"`
}

// postal is an address as Klaviyo's guide wants it.
type postal struct {
	FirstName   string `json:"FirstName,omitempty"`
	LastName    string `json:"LastName,omitempty"`
	Address1    string `json:"Address1,omitempty"`
	City        string `json:"City,omitempty"`
	RegionCode  string `json:"RegionCode,omitempty"`
	CountryCode string `json:"CountryCode,omitempty"`
	Zip         string `json:"Zip,omitempty"`
	Phone       string `json:"Phone,omitempty"`
}

// guide returns what Klaviyo's guide wants of an event about a whole order. An address that the config file excludes by
// commercetools' name stays out under Klaviyo's name as well.
func (o order) guide() map[string]any {
	lines := make([]line, len(o.LineItems))
	brands := make([]string, len(o.LineItems))

	for i, item := range o.LineItems {
		lines[i] = o.line(item)
		brands[i] = lines[i].Brand
	}

	values := map[string]any{
		"OrderId":       o.ID,
		"Items":         lines,
		"Brands":        unique(compact(brands)),
		"DiscountCode":  o.discountCode(),
		"DiscountValue": o.discountValue(),
	}

	if a := o.BillingAddress; a != nil && o.cfg.Properties.keeps("billingAddress") {
		values["BillingAddress"] = postalOf(*a)
	}

	if a := o.ShippingAddress; a != nil && o.cfg.Properties.keeps("shippingAddress") {
		values["ShippingAddress"] = postalOf(*a)
	}

	return values
}

// orderedProduct returns what Klaviyo's guide wants of an event about one line item.
func (o order) orderedProduct(item commercetools.LineItem) map[string]any {
	l := o.line(item)

	return map[string]any{
		"OrderId":      o.ID,
		"ProductID":    l.ProductID,
		"SKU":          l.SKU,
		"ProductName":  l.ProductName,
		"Quantity":     l.Quantity,
		"ProductURL":   l.ProductURL,
		"ImageURL":     l.ImageURL,
		"Categories":   l.Categories,
		"ProductBrand": l.Brand,
	}
}

func (o order) line(item commercetools.LineItem) line {
	p := o.products[item.ProductID]

	return line{
		ProductID:   item.ProductID,
		SKU:         text(item.Variant.SKU),
		ProductName: o.shop.text(item.Name),
		Quantity:    item.Quantity,
		ItemPrice:   decimal(itemPrice(item)),
		RowTotal:    decimal(item.TotalPrice),
		ProductURL:  cmp.Or(o.shop.productURL(item.ProductSlug), o.shop.productURL(p.Slug)),
		ImageURL:    cmp.Or(imageOf(item.Variant.Images), firstImage(p.Product)),
		Categories:  unique(p.categories),
		Brand:       cmp.Or(o.shop.brand(item.Variant.Attributes), o.shop.brand(p.Attributes)),
	}
}

// itemPrice is what one piece costs before the discounts of the cart: with the product discount, else of the tier that the
// quantity reaches.
func itemPrice(item commercetools.LineItem) commercetools.Money {
	if item.Price.Discounted != nil {
		return item.Price.Discounted.Value
	}

	price, reached := item.Price.Value, int64(0)

	for _, tier := range item.Price.Tiers {
		if tier.MinimumQuantity > reached && tier.MinimumQuantity <= item.Quantity {
			price, reached = tier.Value, tier.MinimumQuantity
		}
	}

	return price
}

// discountCode returns the codes that counted, which have to be expanded. Klaviyo's guide knows one: several are joined by
// ", ".
func (o order) discountCode() string {
	var codes []string

	for _, c := range o.DiscountCodes {
		if c.DiscountCode.Obj != nil && (c.State == "" || c.State == "MatchesCart") {
			codes = append(codes, c.DiscountCode.Obj.Code)
		}
	}

	return joined(codes...)
}

// discountValue returns what the discounts of the cart and of shipping came to, whether by code or not. A reduced product is
// not among them: nobody had to do anything for that.
func (o order) discountValue() json.Number {
	var value sum

	add := func(price commercetools.DiscountedLineItemPrice, quantity int64) {
		for _, d := range price.IncludedDiscounts {
			value.add(d.DiscountedAmount, quantity)
		}
	}

	for _, item := range o.LineItems {
		for _, d := range item.DiscountedPricePerQuantity {
			add(d.DiscountedPrice, d.Quantity)
		}
	}

	for _, item := range o.CustomLineItems {
		for _, d := range item.DiscountedPricePerQuantity {
			add(d.DiscountedPrice, d.Quantity)
		}
	}

	if o.ShippingInfo != nil && o.ShippingInfo.DiscountedPrice != nil {
		add(*o.ShippingInfo.DiscountedPrice, 1)
	}

	if d := o.DiscountOnTotalPrice; d != nil {
		value.add(d.DiscountedAmount, 1)
	}

	return value.decimal()
}

func postalOf(a commercetools.Address) postal {
	return postal{
		FirstName:   text(a.FirstName),
		LastName:    text(a.LastName),
		Address1:    street(a),
		City:        text(a.City),
		RegionCode:  text(a.Region),
		CountryCode: text(a.Country),
		Zip:         text(a.PostalCode),
		Phone:       cmp.Or(text(a.Mobile), text(a.Phone)),
	}
}

// brand returns the text of the attribute that is called brand, in whatever case. commercetools has no brand of its own.
func (s Shop) brand(attributes []commercetools.Attribute) string {
	for _, a := range attributes {
		if strings.EqualFold(a.Name, "brand") {
			return s.attributeText(a.Value)
		}
	}

	return ""
}

// attributeText returns the text of an attribute that is a text, a localized text, or an enum with a label of either kind;
// "" of another.
func (s Shop) attributeText(value json.RawMessage) string {
	var plain string
	if json.Unmarshal(value, &plain) == nil {
		return text(plain)
	}

	var enum struct {
		Key   string          `json:"key"`
		Label json.RawMessage `json:"label"`
	}

	if json.Unmarshal(value, &enum) == nil && enum.Key != "" && len(enum.Label) > 0 {
		return s.attributeText(enum.Label)
	}

	var localized commercetools.LocalizedString
	if json.Unmarshal(value, &localized) == nil {
		return s.text(localized)
	}

	return ""
}
