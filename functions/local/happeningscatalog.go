package main

import (
	"encoding/json"
	"fmt"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// withCatalog publishes a product, after the categories that it is in, and withdraws another.
func (d *demo) withCatalog() ([]happening, error) {
	p, product, err := find(d.shop, "product-projections", func(p commercetools.Product) bool {
		return len(p.Categories) == 1 && len(p.Variants) > 1 && p.MasterVariant.Availability != nil && len(p.MasterVariant.Prices) > 3
	})
	if err != nil {
		return nil, err
	}

	all, err := d.withCategory(p.Categories[0].ID)
	if err != nil {
		return nil, err
	}

	stock, err := d.stockOf(p.MasterVariant.SKU)
	if err != nil {
		return nil, err
	}

	_, other, err := find(d.shop, "product-projections", func(p commercetools.Product) bool { return len(p.Categories) == 0 })
	if err != nil {
		return nil, err
	}

	withdrawn, err := changed(other, map[string]any{"published": false})

	return append(all,
		happening{
			what: fmt.Sprintf("ProductPublished, %d variants", 1+len(p.Variants)), function: "ProductEvents",
			message: message("product", product, "ProductPublished", map[string]any{"productProjection": product}),
		},
		happening{
			what: "inventory-entry ResourceUpdated", function: "InventoryEvents",
			message: update("inventory-entry", stock), endpoint: "inventory", resource: stock,
		},
		happening{
			what: "ProductPublished, another", function: "ProductEvents",
			message: message("product", other, "ProductPublished", map[string]any{"productProjection": other}),
		},
		happening{
			what: "ProductUnpublished", function: "ProductEvents",
			message: message("product", withdrawn, "ProductUnpublished", nil), endpoint: "product-projections", resource: withdrawn,
		},
	), err
}

// withCategory creates a category and those above it, and renames it.
func (d *demo) withCategory(id string) ([]happening, error) {
	c, err := commercetools.Decode[commercetools.Category](d.shop.Get("categories", id))
	if err != nil {
		return nil, err
	}

	var all []happening

	for _, one := range append(c.Ancestors, commercetools.CategoryReference{ID: id}) {
		category := d.shop.Get("categories", one.ID)
		all = append(all, happening{
			what: "CategoryCreated", function: "CategoryEvents",
			message: message("category", category, "CategoryCreated", map[string]any{"category": category}),
		})
	}

	renamed, err := changed(d.shop.Get("categories", id), map[string]any{"name": map[string]string{"en-US": "Favourites", "de-DE": "Lieblinge"}})

	return append(all, happening{
		what: "category ResourceUpdated, another name", function: "CategoryEvents",
		message: update("category", renamed), endpoint: "categories", resource: renamed,
	}), err
}

// stockOf is an inventory entry of a SKU that now has 7 pieces.
func (d *demo) stockOf(sku string) (json.RawMessage, error) {
	_, entry, err := find(d.shop, "inventory", func(e commercetools.InventoryEntry) bool { return e.SKU == sku && e.SupplyChannel == nil })
	if err != nil {
		return nil, err
	}

	return changed(entry, map[string]any{"quantityOnStock": 7, "availableQuantity": 7})
}
