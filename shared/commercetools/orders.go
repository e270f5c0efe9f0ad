package commercetools

import "context"

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

// ProductsByID fetches what shoppers see of the products with these ids, in any order, their categories and those' ancestors
// expanded. A product that does not exist, is not published any more or can't be decoded is missing: an order says enough
// without it.
func (c *Client) ProductsByID(ctx context.Context, ids ...string) ([]Product, error) {
	return byID(ctx, c, ProductProjections, ids, decodable[Product], ExpandCategoryAncestors)
}
