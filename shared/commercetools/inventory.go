package commercetools

// InventoryEntry is the stock of a SKU, in one channel or in none.
// Source: https://docs.commercetools.com/api/projects/inventory#inventoryentry.
type InventoryEntry struct {
	ID  string `json:"id"`
	SKU string `json:"sku"`
	// SupplyChannel is nil for stock that belongs to no channel.
	SupplyChannel     *Reference `json:"supplyChannel"`
	AvailableQuantity int64      `json:"availableQuantity"`
}

// Availability is a variant's stock as a product shows it.
type Availability struct {
	// AvailableQuantity is the stock that belongs to no channel.
	AvailableQuantity int64 `json:"availableQuantity"`
	// Channels holds the stock of each channel by the channel's id.
	Channels map[string]ChannelAvailability `json:"channels"`
}

// ChannelAvailability is a variant's stock in one channel.
type ChannelAvailability struct {
	AvailableQuantity int64 `json:"availableQuantity"`
}

// Reference names a resource.
type Reference struct {
	// TypeID is commercetools' name of the resource type, such as "customer" or "inventory-entry".
	TypeID string `json:"typeId"`
	ID     string `json:"id"`
}
