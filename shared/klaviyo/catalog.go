package klaviyo

import "encoding/json"

// The one integration and the one catalog that Klaviyo's API has.
const (
	integrationType = "$custom"
	catalogType     = "$default"
	compoundPrefix  = integrationType + ":::" + catalogType + ":::"
)

// CompoundID is how Klaviyo names a catalog resource of ours: the one integration and catalog there is, and our id.
func CompoundID(externalID string) string { return compoundPrefix + externalID }

// Item is a catalog item: a product. Source: https://developers.klaviyo.com/en/reference/create_catalog_item.
type Item struct {
	ExternalID   string
	Title        string
	Description  string
	URL          string
	ImageFullURL Field[string]
	// Price is an exact decimal number; "" is 0.
	Price     json.Number
	Published bool
	// CustomMetadata is flat: text by key, such as "title_json".
	CustomMetadata map[string]string
	// CategoryIDs are external ids of catalog categories, all that the item is in.
	CategoryIDs []string
}

// Variant is a catalog variant: a product's variant. Source: https://developers.klaviyo.com/en/reference/create_catalog_variant.
type Variant struct {
	ExternalID string
	// ItemID is the external id of the item it belongs to; it can't be changed later.
	ItemID         string
	Title          string
	Description    string
	SKU            string
	URL            string
	ImageFullURL   Field[string]
	Price          json.Number
	Published      bool
	CustomMetadata map[string]string
	// InventoryQuantity is how many are in stock, and InventoryPolicy 1 hides the variant when there are none.
	InventoryQuantity int64
	InventoryPolicy   int
}

// Category is a catalog category. Source: https://developers.klaviyo.com/en/reference/create_catalog_category.
type Category struct {
	ExternalID string
	// Name is the breadcrumb: "Women > Pants".
	Name string
}
