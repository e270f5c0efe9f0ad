package mapping

import "github.com/ctklaviyo/connector/shared/commercetools"

// Stock tells how many pieces of a SKU there are, from inventory entries of it. With a channel (the id that
// product.inventory.useChannelInventory gives) the entry of that channel counts, else the one that belongs to no channel.
// ok is false when neither is among the entries: they say nothing about the stock that Klaviyo shows.
//
// One entry alone may be of no channel while another has the channel's stock. Pass all entries of
// the SKU if you have them.
func Stock(channel string, entries ...commercetools.InventoryEntry) (quantity int64, ok bool) {
	for _, e := range entries {
		switch {
		case e.SupplyChannel == nil && !ok:
			quantity, ok = e.AvailableQuantity, true
		case e.SupplyChannel != nil && channel != "" && e.SupplyChannel.ID == channel:
			return e.AvailableQuantity, true
		}
	}

	return quantity, ok
}

// stock tells the same from what a product's variant says. What nobody counts is 0.
func stock(channel string, a *commercetools.Availability) int64 {
	if a == nil {
		return 0
	}

	if c, ok := a.Channels[channel]; ok && channel != "" {
		return c.AvailableQuantity
	}

	return a.AvailableQuantity
}
