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

// ChannelInventory fetches the inventory entry of a SKU in the channel with this id: one, or none.
func (c *Client) ChannelInventory(ctx context.Context, sku, channelID string) ([]InventoryEntry, error) {
	page, err := c.Query(ctx, Inventory, Query{
		Where: []Predicate{Predicate("sku = " + quote(sku) + " and supplyChannel(id = " + quote(channelID) + ")")},
		Limit: 1,
	})
	if err != nil {
		return nil, err
	}

	return decodeAll[InventoryEntry](page.Results)
}

// StandalonePrices fetches the active standalone prices of these SKUs that are for everyone: a shop may have 50,000 of one
// SKU, and most of those are a customer group's or a channel's. Blank SKUs have none.
func (c *Client) StandalonePrices(ctx context.Context, skus ...string) ([]StandalonePrice, error) {
	var all []StandalonePrice

	for _, in := range skusIn(skus) {
		prices, err := c.publicPrices(ctx, in)
		if err != nil {
			return nil, err
		}

		all = append(all, prices...)
	}

	return all, nil
}

// publicPrices reads all pages.
func (c *Client) publicPrices(ctx context.Context, in Predicate) ([]StandalonePrice, error) {
	var (
		all  []StandalonePrice
		last Window
	)

	for {
		page, err := c.Scan(ctx, StandalonePrices, last, MaxLimit, Query{
			Where: []Predicate{in + " and active = true and customerGroup is not defined and channel is not defined"},
		})
		if err != nil {
			return nil, err
		}

		prices, err := decodeAll[StandalonePrice](page)
		if err != nil {
			return nil, err
		}

		all = append(all, prices...)

		if len(prices) < MaxLimit {
			return all, nil
		}

		last.After = prices[MaxLimit-1].ID
	}
}

// maxSKUs is how many characters of a URL the SKUs of one query may take: see [MaxIDs].
const maxSKUs = 6000

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
