package commercetools

import (
	"encoding/json"
	"time"
)

// PriceModeStandalone is the mode of a product whose prices are [StandalonePrice]s; else they are in its variants.
const PriceModeStandalone = "Standalone"

// Product holds what the mapping reads of a product projection.
// Source: https://docs.commercetools.com/api/projects/productProjections#productprojection.
type Product struct {
	// Revision changes when the product is published or unpublished, too.
	Revision

	ID          string              `json:"id"`
	Name        LocalizedString     `json:"name"`
	Slug        LocalizedString     `json:"slug"`
	Description LocalizedString     `json:"description"`
	Categories  []CategoryReference `json:"categories"`
	PriceMode   string              `json:"priceMode"`
	// Attributes are those that all variants share, where the product type keeps them with the product.
	Attributes []Attribute `json:"attributes"`
	// MasterVariant is nil in a project with the modular product catalog.
	MasterVariant *Variant `json:"masterVariant"`
	// Variants are the others.
	Variants []Variant `json:"variants"`
}

// AllVariants returns the master variant and the others.
func (p Product) AllVariants() []Variant {
	if p.MasterVariant == nil {
		return p.Variants
	}

	return append([]Variant{*p.MasterVariant}, p.Variants...)
}

// Variant is a variant of a product.
type Variant struct {
	// ID is unique within the product.
	ID int64 `json:"id"`
	// SKU is unique within the project; it may be missing.
	SKU          string        `json:"sku"`
	Prices       []Price       `json:"prices"`
	Images       []Image       `json:"images"`
	Availability *Availability `json:"availability"`
}

// Image is a picture of a variant.
type Image struct {
	URL string `json:"url"`
}

// Attribute is a value that the product type asks for: a text, number, localized text, enum, reference, set of them.
type Attribute struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

// Price is a price of a variant, and for whom it is: a field that is nil or zero does not narrow it down.
// Source: https://docs.commercetools.com/api/types#price.
type Price struct {
	Value Money `json:"value"`
	// Discounted is what is paid instead of Value while a product discount is on.
	Discounted *DiscountedPrice `json:"discounted"`
	// Tiers are prices of larger quantities.
	Tiers []PriceTier `json:"tiers"`
	// Country is an ISO 3166-1 alpha-2 code.
	Country          string     `json:"country"`
	CustomerGroup    *Reference `json:"customerGroup"`
	Channel          *Reference `json:"channel"`
	RecurrencePolicy *Reference `json:"recurrencePolicy"`
	ValidFrom        time.Time  `json:"validFrom"`
	ValidUntil       time.Time  `json:"validUntil"`
}

// DiscountedPrice is a price after a product discount.
type DiscountedPrice struct {
	Value Money `json:"value"`
}

// PriceTier is the price of one piece when at least MinimumQuantity are bought.
type PriceTier struct {
	MinimumQuantity int64 `json:"minimumQuantity"`
	Value           Money `json:"value"`
}

// StandalonePrice is a price that is kept beside the products.
// Source: https://docs.commercetools.com/api/projects/standalone-prices#standaloneprice.
type StandalonePrice struct {
	Price

	ID string `json:"id"`
	// SKU is the variant's.
	SKU    string `json:"sku"`
	Active bool   `json:"active"`
}
