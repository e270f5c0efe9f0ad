package commercetools

import "context"

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
