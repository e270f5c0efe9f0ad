package commercetools

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// MaxLineItems is how many line items an order may have that is read: four times as many as commercetools allows. Each becomes an
// event and takes hundreds of bytes, even when all that there is of it is {}.
// Source: https://docs.commercetools.com/api/limits#carts.
const MaxLineItems = 2000

// Order holds what the mapping reads of an order, and beside it all that commercetools sent.
// Source: https://docs.commercetools.com/api/projects/orders#order.
type Order struct {
	ID string `json:"id"`
	// Version grows with every change.
	Version        int64     `json:"version"`
	CreatedAt      time.Time `json:"createdAt"`
	LastModifiedAt time.Time `json:"lastModifiedAt"`
	// CustomerID is empty for a guest.
	CustomerID    string `json:"customerId"`
	CustomerEmail string `json:"customerEmail"`
	// OrderState is Open, Confirmed, Complete or Cancelled.
	OrderState           string                `json:"orderState"`
	TotalPrice           Money                 `json:"totalPrice"`
	LineItems            []LineItem            `json:"lineItems"`
	CustomLineItems      []CustomLineItem      `json:"customLineItems"`
	BillingAddress       *Address              `json:"billingAddress"`
	ShippingAddress      *Address              `json:"shippingAddress"`
	ShippingInfo         *ShippingInfo         `json:"shippingInfo"`
	DiscountCodes        []DiscountCodeInfo    `json:"discountCodes"`
	DiscountOnTotalPrice *DiscountOnTotalPrice `json:"discountOnTotalPrice"`
	PaymentInfo          *PaymentInfo          `json:"paymentInfo"`
	Custom               *Custom               `json:"custom"`

	// Properties are all properties of the order as they were received, also those that Order does not have.
	Properties map[string]json.RawMessage `json:"-"`
}

// LineItem is a product in an order.
type LineItem struct {
	ID        string          `json:"id"`
	ProductID string          `json:"productId"`
	Name      LocalizedString `json:"name"`
	// ProductSlug is empty when the product is no longer there.
	ProductSlug LocalizedString `json:"productSlug"`
	Variant     LineItemVariant `json:"variant"`
	// Price is the price of one piece, with no discount of the cart.
	Price                      LineItemPrice                `json:"price"`
	Quantity                   int64                        `json:"quantity"`
	TotalPrice                 Money                        `json:"totalPrice"`
	DiscountedPricePerQuantity []DiscountedPricePerQuantity `json:"discountedPricePerQuantity"`

	// Properties are all properties of the line item as they were received.
	Properties map[string]json.RawMessage `json:"-"`
}

// LineItemVariant is the [Variant] that was bought, as it was then. Its prices are left out: there are many.
type LineItemVariant struct {
	SKU        string      `json:"sku"`
	Images     []Image     `json:"images"`
	Attributes []Attribute `json:"attributes"`
}

// LineItemPrice is the [Price] at which a line item was sold.
type LineItemPrice struct {
	Value      Money            `json:"value"`
	Discounted *DiscountedPrice `json:"discounted"`
	Tiers      []PriceTier      `json:"tiers"`
}

// CustomLineItem is something in an order that is no product, such as gift wrapping.
type CustomLineItem struct {
	Name                       LocalizedString              `json:"name"`
	DiscountedPricePerQuantity []DiscountedPricePerQuantity `json:"discountedPricePerQuantity"`
}

// DiscountedPricePerQuantity is what the cart's discounts did to a number of pieces of a line item.
type DiscountedPricePerQuantity struct {
	Quantity        int64                   `json:"quantity"`
	DiscountedPrice DiscountedLineItemPrice `json:"discountedPrice"`
}

// DiscountedLineItemPrice names the discounts in the price of one piece, or of shipping.
type DiscountedLineItemPrice struct {
	IncludedDiscounts []IncludedDiscount `json:"includedDiscounts"`
}

// IncludedDiscount is one discount's part.
type IncludedDiscount struct {
	DiscountedAmount Money `json:"discountedAmount"`
}

// DiscountOnTotalPrice is what was taken off the order's total.
type DiscountOnTotalPrice struct {
	DiscountedAmount Money `json:"discountedAmount"`
}

// ShippingInfo is what shipping cost.
type ShippingInfo struct {
	DiscountedPrice *DiscountedLineItemPrice `json:"discountedPrice"`
}

// DiscountCodeInfo is a discount code that was entered.
type DiscountCodeInfo struct {
	DiscountCode DiscountCodeReference `json:"discountCode"`
	// State is MatchesCart when the code counted.
	State string `json:"state"`
}

// DiscountCodeReference names a discount code.
type DiscountCodeReference struct {
	// Obj is the discount code itself, when the query asked for it: expand=discountCodes[*].discountCode.
	Obj *DiscountCode `json:"obj"`
}

// DiscountCode is a discount code.
type DiscountCode struct {
	// Code is what the shopper types.
	Code string `json:"code"`
}

// PaymentInfo names an order's payments.
type PaymentInfo struct {
	Payments []PaymentReference `json:"payments"`
}

// ProductIDs are those of the line items, each once.
func (o Order) ProductIDs() []string {
	ids := make([]string, len(o.LineItems))
	for i, item := range o.LineItems {
		ids[i] = item.ProductID
	}

	slices.Sort(ids)

	return slices.Compact(ids)
}

// PaymentIDs are those of the order's payments.
func (o Order) PaymentIDs() []string {
	if o.PaymentInfo == nil {
		return nil
	}

	ids := make([]string, len(o.PaymentInfo.Payments))
	for i, p := range o.PaymentInfo.Payments {
		ids[i] = p.ID
	}

	return ids
}

// Payments are the order's, as far as they were expanded; see [ExpandPayments].
func (o Order) Payments() []Payment {
	if o.PaymentInfo == nil {
		return nil
	}

	var all []Payment

	for _, p := range o.PaymentInfo.Payments {
		if p.Obj != nil {
			all = append(all, *p.Obj)
		}
	}

	return all
}

// foldPayments lets the properties name the payments only, as they do when nobody asks for more.
func foldPayments(o *Order) error {
	if len(o.Payments()) == 0 {
		return nil
	}

	refs := make([]Reference, len(o.PaymentInfo.Payments))
	for i, p := range o.PaymentInfo.Payments {
		refs[i] = Reference{TypeID: "payment", ID: p.ID}
	}

	info := members(o.Properties["paymentInfo"])

	var err error
	if info["payments"], err = json.Marshal(refs); err != nil {
		return err //nolint:wrapcheck // Decode words it
	}

	o.Properties["paymentInfo"], err = json.Marshal(info)

	return err //nolint:wrapcheck // Decode words it
}

// foldDiscountCodes is [foldPayments] for the discount codes.
func foldDiscountCodes(o *Order) error {
	if !slices.ContainsFunc(o.DiscountCodes, func(c DiscountCodeInfo) bool { return c.DiscountCode.Obj != nil }) {
		return nil
	}

	codes := elements(o.Properties["discountCodes"])

	for i, raw := range codes {
		code := members(raw)
		ref := members(code["discountCode"])

		if _, expanded := ref["obj"]; !expanded {
			continue
		}

		delete(ref, "obj")

		var err error
		if code["discountCode"], err = json.Marshal(ref); err != nil {
			return err //nolint:wrapcheck // Decode words it
		}

		if codes[i], err = json.Marshal(code); err != nil {
			return err //nolint:wrapcheck // Decode words it
		}
	}

	var err error
	o.Properties["discountCodes"], err = json.Marshal(codes)

	return err //nolint:wrapcheck // Decode words it
}

// UnmarshalJSON implements [json.Unmarshaler]. It decodes once, and cuts the text into properties without decoding it
// again. An order with more than [MaxLineItems] isn't decoded.
func (o *Order) UnmarshalJSON(data []byte) error {
	type order Order // without this method

	// The decoder will use data again.
	properties := members(bytes.Clone(data))

	items := elements(properties["lineItems"])
	if len(items) > MaxLineItems {
		return &tooManyError{what: "line items", most: MaxLineItems}
	}

	if err := json.Unmarshal(data, (*order)(o)); err != nil {
		return err //nolint:wrapcheck // Decode words it
	}

	o.Properties = properties

	if err := foldPayments(o); err != nil {
		return err
	}

	if err := foldDiscountCodes(o); err != nil {
		return err
	}

	for i, item := range items {
		if i < len(o.LineItems) {
			o.LineItems[i].Properties = members(item)
		}
	}

	return nil
}
