package commercetools

import (
	"context"
	"fmt"
)

// What can be expanded in an order. Without the discount codes an order does not say what the shopper typed.
const (
	ExpandDiscountCodes = "discountCodes[*].discountCode"
	ExpandPayments      = "paymentInfo.payments[*]"
)

// Customer fetches the customer with this id as it is now.
func (c *Client) Customer(ctx context.Context, id string) (Customer, error) {
	return get[Customer](ctx, c, Customers, id)
}

// Order fetches the order with this id as it is now, its discount codes expanded.
func (c *Client) Order(ctx context.Context, id string) (Order, error) {
	return get[Order](ctx, c, Orders, id, ExpandDiscountCodes)
}

// OrderOfPayment fetches the order that a payment belongs to, its discount codes expanded; of several, which is rare, the
// first that was created, so that the answer stays the same. found is false when there is none.
func (c *Client) OrderOfPayment(ctx context.Context, paymentID string) (o Order, found bool, err error) {
	page, err := c.Query(ctx, Orders, Query{
		Where:  []Predicate{PaidBy(paymentID)},
		Sort:   []string{"createdAt asc", "id asc"},
		Limit:  1,
		Expand: []string{ExpandDiscountCodes},
	})
	if err != nil || len(page.Results) == 0 {
		return Order{}, false, err
	}

	o, err = Decode[Order](page.Results[0])

	return o, err == nil, err
}

// Payment fetches the payment with this id as it is now.
func (c *Client) Payment(ctx context.Context, id string) (Payment, error) {
	return get[Payment](ctx, c, Payments, id)
}

// PaymentsByID fetches the payments with these ids, in any order; one that does not exist is missing.
func (c *Client) PaymentsByID(ctx context.Context, ids ...string) ([]Payment, error) {
	return byID(ctx, c, Payments, ids, decodeAll[Payment])
}

// ProductsByID fetches what an order's events show of the products with these ids, in any order: what shoppers see of their
// slugs, the attributes that all variants share, the first image, and the categories with those' ancestors expanded. A product
// that does not exist, is not published any more or can't be decoded is missing: an order says enough without it.
//
// Products come whole, with all their variants and prices, so that few such answers are in memory at a time.
func (c *Client) ProductsByID(ctx context.Context, ids ...string) ([]Product, error) {
	if err := c.products.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("commercetools: waiting for products: %w", err)
	}
	defer c.products.Release(1)

	sold, err := byID(ctx, c, ProductProjections, ids, decodable[soldProduct], ExpandCategoryAncestors)
	if err != nil {
		return nil, err
	}

	products := make([]Product, len(sold))
	for i, p := range sold {
		products[i] = p.product()
	}

	return products, nil
}

// productAnswers is how many answers with the products of orders are read at a time. Read and decoded, one takes some three
// times its size, and an instance may have 20 orders in hand.
const productAnswers = 2

// soldProduct is the small part of a [Product] that the events of an order show.
type soldProduct struct {
	ID            string              `json:"id"`
	Slug          LocalizedString     `json:"slug"`
	Categories    []CategoryReference `json:"categories"`
	Attributes    []Attribute         `json:"attributes"`
	MasterVariant pictured            `json:"masterVariant"`
	Variants      []pictured          `json:"variants"`
}

// pictured is a variant's pictures.
type pictured struct {
	Images []Image `json:"images"`
}

// product returns it with one variant, which has the first image.
func (p soldProduct) product() Product {
	first := &Variant{}

	for _, v := range append([]pictured{p.MasterVariant}, p.Variants...) {
		if len(v.Images) > 0 && v.Images[0].URL != "" {
			first.Images = v.Images[:1]

			break
		}
	}

	return Product{ID: p.ID, Slug: p.Slug, Categories: p.Categories, Attributes: p.Attributes, MasterVariant: first}
}
