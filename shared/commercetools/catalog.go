package commercetools

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
)

// What can be expanded in a category, and in a product: a category's name shows its ancestors.
const (
	ExpandAncestors         = "ancestors[*]"
	ExpandCategoryAncestors = "categories[*].ancestors[*]"
)

// Category fetches the category with this id as it is now, its ancestors expanded.
func (c *Client) Category(ctx context.Context, id string) (Category, error) {
	return get[Category](ctx, c, Categories, id, ExpandAncestors)
}

// PublishedProduct fetches what shoppers see of the product with this id, its categories and their ancestors expanded. A
// product that is not published is an *[Error] that [IsNotFound] knows, like one that does not exist.
func (c *Client) PublishedProduct(ctx context.Context, id string) (Product, error) {
	return get[Product](ctx, c, ProductProjections, id, ExpandCategoryAncestors)
}

// InventoryEntry fetches the inventory entry with this id as it is now.
func (c *Client) InventoryEntry(ctx context.Context, id string) (InventoryEntry, error) {
	return get[InventoryEntry](ctx, c, Inventory, id)
}

// InventoryOf fetches the inventory entries of these SKUs that are of no channel, and with a channel's id those of that
// channel too. Blank SKUs have none.
func (c *Client) InventoryOf(ctx context.Context, channelID string, skus ...string) ([]InventoryEntry, error) {
	where := Predicate(" and supplyChannel is not defined")
	if channelID != "" {
		where = Predicate(" and (supplyChannel is not defined or supplyChannel(id = " + quote(channelID) + "))")
	}

	return bySKU(ctx, c, Inventory, skus, where, func(e InventoryEntry) string { return e.ID })
}

// StandalonePrices fetches the active standalone prices of these SKUs that are for everyone: a shop may have 50,000 of one
// SKU, and most of those are a customer group's or a channel's. Blank SKUs have none.
func (c *Client) StandalonePrices(ctx context.Context, skus ...string) ([]StandalonePrice, error) {
	return bySKU(ctx, c, StandalonePrices, skus, " and active = true and customerGroup is not defined and channel is not defined",
		func(p StandalonePrice) string { return p.ID })
}

// bySKU reads all pages of what belongs to the SKUs and meets a condition.
func bySKU[T any](ctx context.Context, c *Client, e Endpoint, skus []string, and Predicate, id func(T) string) ([]T, error) {
	var all []T

	for _, in := range skusIn(skus) {
		var last Window

		for {
			page, err := c.Scan(ctx, e, last, MaxLimit, Query{Where: []Predicate{in + and}})
			if err != nil {
				return nil, err
			}

			found, err := decodeAll[T](page)
			if err != nil {
				return nil, err
			}

			all = append(all, found...)

			if len(found) < MaxLimit {
				break
			}

			last.After = id(found[MaxLimit-1])
		}
	}

	return all, nil
}

// maxSKUs is how many characters of a URL the SKUs of one query may take: see [MaxIDs].
const maxSKUs = 7200

// skusIn makes predicates, `sku in ("a","b")`, that hold all the SKUs and each fit into a URL.
func skusIn(skus []string) []Predicate {
	var (
		predicates []Predicate
		quoted     []string
		size       int
	)

	flush := func() {
		if len(quoted) > 0 {
			predicates = append(predicates, Predicate("sku in ("+strings.Join(quoted, ",")+")"))
		}

		quoted, size = nil, 0
	}

	for _, sku := range skus {
		if strings.TrimSpace(sku) == "" {
			continue
		}

		q := quote(sku)

		length := len(url.QueryEscape(q + ","))
		if size+length > maxSKUs {
			flush()
		}

		quoted, size = append(quoted, q), size+length
	}

	flush()

	return predicates
}

func get[T any](ctx context.Context, c *Client, e Endpoint, id string, expand ...string) (T, error) {
	raw, err := c.Get(ctx, e, id, expand...)
	if err != nil {
		var zero T

		return zero, err
	}

	return Decode[T](raw)
}

func decodeAll[T any](raw []json.RawMessage) ([]T, error) {
	all := make([]T, len(raw))

	for i, one := range raw {
		var err error
		if all[i], err = Decode[T](one); err != nil {
			return nil, err
		}
	}

	return all, nil
}
