package klaviyo

import "context"

const (
	variantsPath = "/api/catalog-variants"
	variantType  = "catalog-variant"
)

type variantAttributes struct {
	*catalogKey
	product
	stock

	SKU             string `json:"sku"`
	InventoryPolicy int    `json:"inventory_policy"`
}

type stock struct {
	InventoryQuantity int64 `json:"inventory_quantity"`
}

type variantRelationships struct {
	Item document[resource] `json:"item"`
}

// CreateVariant creates a variant of an item. It fails with an *[Error] that [IsConflict] knows when there is a variant
// with this id, of whichever item, and with one that [IsNotFound] knows when there is no such item.
// Limits: 75/s and 750/min.
func (c *Client) CreateVariant(ctx context.Context, v Variant) error {
	return c.createInCatalog(ctx, createVariant, variantsPath, v.creation())
}

// UpdateVariant changes a variant; a picture or metadata that are absent stay. So does the item that it belongs to, for
// Klaviyo has no way to change that, and its answer doesn't tell. Whoever moves a variant has to delete it first;
// [Client.ItemVariantIDs] finds out. It fails with an *[Error] that [IsNotFound] knows when there is no such variant.
// Limits: 75/s and 750/min.
func (c *Client) UpdateVariant(ctx context.Context, v Variant) error {
	return c.updateInCatalog(ctx, updateVariant, variantsPath, v.change())
}

// UpdateVariantStock changes how many of a variant are in stock, and nothing else. It fails with an *[Error] that
// [IsNotFound] knows when there is no such variant. Limits: those of [Client.UpdateVariant].
func (c *Client) UpdateVariantStock(ctx context.Context, externalID string, quantity int64) error {
	return c.updateInCatalog(ctx, updateVariant, variantsPath, variantChange(externalID, stock{quantity}))
}

// UpsertVariant updates a variant, in one request, or creates it. An *[Error] that [IsNotFound] knows means that its item
// is missing (or that the variant was deleted meanwhile). A variant of another item is updated and stays there.
func (c *Client) UpsertVariant(ctx context.Context, v Variant) error {
	return upsert(
		func() error { return c.UpdateVariant(ctx, v) },
		func() error { return c.CreateVariant(ctx, v) },
	)
}

// DeleteVariant deletes a variant. There need not be one. Limits: 75/s and 750/min.
func (c *Client) DeleteVariant(ctx context.Context, externalID string) error {
	return c.deleteInCatalog(ctx, deleteVariant, variantsPath, externalID)
}

func (v Variant) creation() resource {
	return resource{
		Type:          variantType,
		Attributes:    v.attributes(keyOf(v.ExternalID)),
		Relationships: variantRelationships{document[resource]{resource{Type: itemType, ID: CompoundID(v.ItemID)}}},
	}
}

func (v Variant) change() resource { return variantChange(v.ExternalID, v.attributes(nil)) }

func variantChange(externalID string, attributes any) resource {
	return resource{Type: variantType, ID: CompoundID(externalID), Attributes: attributes}
}

// attributes has no key in an update.
func (v Variant) attributes(key *catalogKey) variantAttributes {
	return variantAttributes{
		catalogKey: key,
		product: product{
			Title:          v.Title,
			Description:    v.Description,
			URL:            v.URL,
			ImageFullURL:   v.ImageFullURL,
			Price:          v.Price,
			Published:      v.Published,
			CustomMetadata: v.CustomMetadata,
		},
		stock:           stock{v.InventoryQuantity},
		SKU:             v.SKU,
		InventoryPolicy: v.InventoryPolicy,
	}
}
