package klaviyo

import (
	"context"
	"net/url"
)

const (
	itemsPath = "/api/catalog-items"
	itemType  = "catalog-item"
)

type itemAttributes struct {
	*catalogKey
	product
}

type itemRelationships struct {
	Categories document[[]resource] `json:"categories"`
}

// CreateItem creates a catalog item. It fails with an *[Error] that [IsConflict] knows when there is one with this id, and
// with one that [IsNotFound] knows when there is no such category. Limits: 75/s and 750/min.
func (c *Client) CreateItem(ctx context.Context, i Item) error {
	return c.createInCatalog(ctx, createItem, itemsPath, i.creation())
}

// UpdateItem changes a catalog item: its categories become those given, and a picture or metadata that are absent stay. It
// fails with an *[Error] that [IsNotFound] knows when there is no such item, or no such category.
// Limits: 75/s and 750/min.
func (c *Client) UpdateItem(ctx context.Context, i Item) error {
	return c.updateInCatalog(ctx, updateItem, itemsPath, i.change())
}

// UpsertItem updates a catalog item, in one request, or creates it. An *[Error] that [IsNotFound] knows means that a
// category is missing (or that the item was deleted meanwhile).
func (c *Client) UpsertItem(ctx context.Context, i Item) error {
	return upsert(
		func() error { return c.UpdateItem(ctx, i) },
		func() error { return c.CreateItem(ctx, i) },
	)
}

// DeleteItem deletes a catalog item, and its variants with it. There need not be one. Limits: 75/s and 750/min.
func (c *Client) DeleteItem(ctx context.Context, externalID string) error {
	return c.deleteInCatalog(ctx, deleteItem, itemsPath, externalID)
}

// ItemVariantIDs returns the external ids of an item's variants, all pages of them. It fails with an *[Error] that
// [IsNotFound] knows when there is no such item. Limits: 350/s and 3500/min, 100 variants a page.
func (c *Client) ItemVariantIDs(ctx context.Context, itemExternalID string) ([]string, error) {
	path := itemsPath + "/" + url.PathEscape(CompoundID(itemExternalID)) + "/relationships/variants"

	variants, err := collect[identity](ctx, c, getItemVariantIDs, path, nil)
	if err != nil {
		return nil, err
	}

	return externalIDsOf(variants), nil
}

func (i Item) creation() resource {
	return resource{
		Type:          itemType,
		Attributes:    itemAttributes{keyOf(i.ExternalID), i.attributes()},
		Relationships: i.relationships(),
	}
}

func (i Item) change() resource {
	return resource{
		Type:          itemType,
		ID:            CompoundID(i.ExternalID),
		Attributes:    itemAttributes{product: i.attributes()},
		Relationships: i.relationships(),
	}
}

func (i Item) attributes() product {
	return product{
		Title:          i.Title,
		Description:    i.Description,
		URL:            i.URL,
		ImageFullURL:   i.ImageFullURL,
		Price:          i.Price,
		Published:      i.Published,
		CustomMetadata: i.CustomMetadata,
	}
}

func (i Item) relationships() itemRelationships {
	return itemRelationships{Categories: references(categoryType, i.CategoryIDs)}
}
