package mapping

import (
	"cmp"
	"strconv"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// ProductConfig is what the config file says about products.
type ProductConfig struct {
	// MissingText stands where Klaviyo wants a text or a URL and there is none (product.missingText).
	MissingText string
	// Channel is the id of the channel whose stock counts (product.inventory.useChannelInventory); "" is the stock of no
	// channel.
	Channel string
}

// hideWithoutStock is the inventory policy that takes a variant without stock out of product feeds and blocks.
const hideWithoutStock = 1

// Product maps a published product to a catalog item and its variants. Categories have to be expanded; standalone are the
// standalone prices of its SKUs, which count when the product's price mode says so.
//
// The item shows the first picture and the price of the first variant that has one, the master variant above all. A
// picture that is no longer there is null, so that no e-mail shows a dead link.
//
// In a project with the modular catalog a projection has no variants, though the product does: that is an
// *[UnsupportedError], or all that Klaviyo has of them would seem to be gone.
func Product(
	p commercetools.Product, standalone []commercetools.StandalonePrice, shop Shop, cfg ProductConfig, now time.Time,
) (klaviyo.Item, []klaviyo.Variant, error) {
	if len(p.AllVariants()) == 0 {
		return klaviyo.Item{}, nil, &UnsupportedError{"the product projection has no variants; modular catalogs are not supported"}
	}

	item := klaviyo.Item{
		ExternalID:   p.ID,
		Title:        cmp.Or(shop.text(p.Name), cfg.MissingText),
		Description:  cmp.Or(shop.text(p.Description), cfg.MissingText),
		URL:          cmp.Or(shop.productURL(p.Slug), cfg.MissingText),
		ImageFullURL: orNull(firstImage(p)),
		Published:    true, // or there would be no projection of it
		CategoryIDs:  categoryIDs(p),
	}

	variants := make([]klaviyo.Variant, 0, 1+len(p.Variants))

	// What the item shows: the offers of the first variant with a price, else of the first.
	var shown []offer

	for i, v := range p.AllVariants() {
		offers := shop.offers(pricesOf(p, v, standalone), now)

		price, ok := shop.best(offers)
		if _, found := shop.best(shown); i == 0 || ok && !found {
			shown = offers
		}

		custom, err := metadata(p.Name, p.Slug, offers)
		if err != nil {
			return klaviyo.Item{}, nil, err
		}

		id := variantID(p.ID, v)
		variants = append(variants, klaviyo.Variant{
			ExternalID:        id,
			ItemID:            p.ID,
			Title:             item.Title,
			Description:       item.Description,
			SKU:               id,
			URL:               item.URL,
			ImageFullURL:      orNull(imageOf(v.Images)),
			Price:             decimal(price.amount),
			Published:         true,
			CustomMetadata:    custom,
			InventoryQuantity: stock(cfg.Channel, v.Availability),
			InventoryPolicy:   hideWithoutStock,
		})
	}

	price, _ := shop.best(shown)
	item.Price = decimal(price.amount)

	var err error
	item.CustomMetadata, err = metadata(p.Name, p.Slug, shown)

	return item, variants, err
}

// variantID returns the SKU, which is unique in the project and which inventory speaks of, or one made of what a variant
// always has.
func variantID(productID string, v commercetools.Variant) string {
	if blank(v.SKU) {
		return productID + "-" + strconv.FormatInt(v.ID, 10)
	}

	return v.SKU
}

func pricesOf(
	p commercetools.Product, v commercetools.Variant, standalone []commercetools.StandalonePrice,
) []commercetools.Price {
	if p.PriceMode != commercetools.PriceModeStandalone {
		return v.Prices
	}

	var prices []commercetools.Price

	for _, s := range standalone {
		if s.Active && s.SKU == v.SKU {
			prices = append(prices, s.Price)
		}
	}

	return prices
}

// firstImage returns the URL of a product's first picture; "" when it has none.
func firstImage(p commercetools.Product) string {
	for _, v := range p.AllVariants() {
		if url := imageOf(v.Images); url != "" {
			return url
		}
	}

	return ""
}

func imageOf(images []commercetools.Image) string {
	if len(images) == 0 {
		return ""
	}

	return images[0].URL
}

// categoryIDs returns the ids of a product's categories, then of all their ancestors, each once.
func categoryIDs(p commercetools.Product) []string {
	var ids, ancestors []string

	for _, c := range p.Categories {
		ids = append(ids, c.ID)

		if c.Obj != nil {
			for _, a := range c.Obj.Ancestors {
				ancestors = append(ancestors, a.ID)
			}
		}
	}

	return unique(append(ids, ancestors...))
}
