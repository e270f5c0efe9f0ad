package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

func wantedCategories(t *testing.T, shop *commercetoolstest.Shop, all account) {
	t.Helper()

	categories := rawCategories(t, shop)
	for id := range categories {
		all.set(t, "category "+id, fields{"external_id": id, "name": namesOf(pathOf(categories, id))})
	}
}

func rawCategories(t *testing.T, shop *commercetoolstest.Shop) map[string]rawCategory {
	t.Helper()

	categories := map[string]rawCategory{}
	for _, c := range raws[rawCategory](t, shop, "categories") {
		categories[c.ID] = c
	}

	return categories
}

type rawPrice struct {
	SKU           string        `json:"sku"`
	Active        bool          `json:"active"`
	Value         rawMoney      `json:"value"`
	CustomerGroup *rawReference `json:"customerGroup"`
	Channel       *rawReference `json:"channel"`
	Discounted    *struct {
		Value rawMoney `json:"value"`
	} `json:"discounted"`
}

type rawVariant struct {
	ID           int64      `json:"id"`
	SKU          string     `json:"sku"`
	Prices       []rawPrice `json:"prices"`
	Images       []rawImage `json:"images"`
	Availability struct {
		AvailableQuantity int64 `json:"availableQuantity"`
	} `json:"availability"`
}

type rawProduct struct {
	ID            string            `json:"id"`
	PriceMode     string            `json:"priceMode"`
	Published     bool              `json:"published"`
	Name          map[string]string `json:"name"`
	Description   map[string]string `json:"description"`
	Slug          map[string]string `json:"slug"`
	Categories    []rawReference    `json:"categories"`
	MasterVariant rawVariant        `json:"masterVariant"`
	Variants      []rawVariant      `json:"variants"`
}

// dollars is the price that the demo shop's PREFERRED_CURRENCY chooses, of those for everybody: the shop has one at the most. "0" without.
func dollars(prices []rawPrice) string {
	for _, p := range prices {
		switch {
		case p.Value.CurrencyCode != "USD" || p.CustomerGroup != nil || p.Channel != nil:
		case p.Discounted != nil:
			return p.Discounted.Value.String()
		default:
			return p.Value.String()
		}
	}

	return number("0")
}

func wantedProducts(t *testing.T, shop *commercetoolstest.Shop, all account) {
	t.Helper()

	categories, standalone := rawCategories(t, shop), map[string][]rawPrice{}

	for _, p := range raws[rawPrice](t, shop, "standalone-prices") {
		if p.Active {
			standalone[p.SKU] = append(standalone[p.SKU], p)
		}
	}

	for _, p := range raws[rawProduct](t, shop, "product-projections") {
		if !p.Published {
			continue
		}

		refs := map[string]bool{}

		for _, c := range p.Categories {
			for _, above := range pathOf(categories, c.ID) {
				refs[above.ID] = true
			}
		}

		wantedProduct(t, p, slices.Sorted(maps.Keys(refs)), standalone, all)
	}
}

// wantedProduct adds an item, which shows the first price and the first picture of its variants, and these.
func wantedProduct(t *testing.T, p rawProduct, refs []string, standalone map[string][]rawPrice, all account) {
	t.Helper()

	item := wantedItem(p)
	item["external_id"], item["price"], item["refs"] = p.ID, number("0"), refs

	for _, v := range append([]rawVariant{p.MasterVariant}, p.Variants...) {
		if p.PriceMode == "Standalone" {
			v.Prices = standalone[v.SKU]
		}

		if v.SKU == "" {
			v.SKU = fmt.Sprintf("%s-%d", p.ID, v.ID)
		}

		variant := wantedItem(p)
		variant["external_id"], variant["sku"], variant["price"], variant["refs"] = v.SKU, v.SKU, dollars(v.Prices), []string{p.ID}
		variant["inventory_quantity"], variant["inventory_policy"] = v.Availability.AvailableQuantity, 1

		if item["price"] == number("0") {
			item["price"] = variant["price"]
		}

		if len(v.Images) > 0 {
			variant["image_full_url"] = v.Images[0].URL
			item["image_full_url"] = cmp.Or(item["image_full_url"], variant["image_full_url"])
		}

		all.set(t, "variant "+v.SKU, variant)
	}

	all.set(t, "item "+p.ID, item)
}

// wantedItem is what item and variants of a product have in common.
func wantedItem(p rawProduct) fields {
	description := english(p.Description)
	if description == "" {
		description = "None"
	}

	return fields{"title": english(p.Name), "description": description, "url": page(p.Slug), "published": true}
}
