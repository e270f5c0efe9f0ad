package klaviyo

import "context"

const (
	categoriesPath = "/api/catalog-categories"
	categoryType   = "catalog-category"
)

type categoryAttributes struct {
	*catalogKey

	Name string `json:"name"`
}

// CreateCategory creates a catalog category. It fails with an *[Error] that [IsConflict] knows when there is one with this
// id. Limits: 75/s and 750/min.
func (c *Client) CreateCategory(ctx context.Context, cat Category) error {
	return c.createInCatalog(ctx, createCategory, categoriesPath, cat.creation())
}

// UpdateCategory changes a catalog category; its items stay. It fails with an *[Error] that [IsNotFound] knows when there
// is none with this id. Limits: 75/s and 750/min.
func (c *Client) UpdateCategory(ctx context.Context, cat Category) error {
	return c.updateInCatalog(ctx, updateCategory, categoriesPath, cat.change())
}

// UpsertCategory updates a catalog category, in one request, or creates it.
func (c *Client) UpsertCategory(ctx context.Context, cat Category) error {
	return upsert(
		func() error { return c.UpdateCategory(ctx, cat) },
		func() error { return c.CreateCategory(ctx, cat) },
	)
}

// DeleteCategory deletes a catalog category; its items stay. There need not be one. Limits: 75/s and 750/min.
func (c *Client) DeleteCategory(ctx context.Context, externalID string) error {
	return c.deleteInCatalog(ctx, deleteCategory, categoriesPath, externalID)
}

func (cat Category) creation() resource {
	return resource{Type: categoryType, Attributes: categoryAttributes{keyOf(cat.ExternalID), cat.Name}}
}

func (cat Category) change() resource {
	return resource{
		Type: categoryType, ID: CompoundID(cat.ExternalID), Attributes: categoryAttributes{Name: cat.Name},
	}
}
