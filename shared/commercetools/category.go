package commercetools

// Category holds what the mapping reads of a category.
// Source: https://docs.commercetools.com/api/projects/categories#category.
type Category struct {
	Revision

	ID   string          `json:"id"`
	Name LocalizedString `json:"name"`
	// Ancestors are from the root to the parent.
	Ancestors []CategoryReference `json:"ancestors"`
}

// CategoryReference names a category.
type CategoryReference struct {
	ID string `json:"id"`
	// Obj is the category itself, when the query asked for it: expand=ancestors[*], or
	// categories[*].ancestors[*] of a product.
	Obj *Category `json:"obj"`
}
