package inventoryevents

import (
	"context"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// inventoryResourceUpdated is the name by which disabledEvents switches the changes off.
const inventoryResourceUpdated = "InventoryResourceUpdated"

// prompt is how soon after the reading a writing is as good as at once. One that had to wait, for the rate limit say, may
// have been overtaken by that of a newer change.
const prompt = 2 * time.Second

// handler keeps the stock of catalog variants in step with inventory entries.
type handler struct {
	ct  *commercetools.Client
	kl  *klaviyo.Client
	cfg settings.Config
}

// New returns what the function does with a message. Its errors are for delivery.Classify.
func New(ct *commercetools.Client, kl *klaviyo.Client, cfg settings.Config) func(context.Context, delivery.Message) error {
	return handler{ct: ct, kl: kl, cfg: cfg}.handle
}

// handle is the routing table.
func (h handler) handle(ctx context.Context, m delivery.Message) error {
	switch {
	case m.Resource.TypeID != "inventory-entry":
		return delivery.Ignored("not about an inventory entry")
	case m.NotificationType != delivery.ResourceUpdated && m.NotificationType != delivery.ResourceCreated:
		return delivery.Ignored("no message that changes a stock")
	case h.cfg.Disabled(inventoryResourceUpdated):
		return delivery.Ignored("switched off by disabledEvents")
	default:
		return h.sync(ctx, m.Resource.ID)
	}
}

// sync brings the variant to the stock as it is now: one request to commercetools (see stock for the second) and one to
// Klaviyo. After a writing that wasn't prompt it looks again.
func (h handler) sync(ctx context.Context, entryID string) error {
	var written *int64

	for { // until Klaviyo has what commercetools has, or the message's time is over
		read := time.Now()

		sku, quantity, err := h.stock(ctx, entryID)
		if err != nil || written != nil && *written == quantity {
			return err
		}

		if err := h.write(ctx, sku, quantity); err != nil || time.Since(read) < prompt {
			return err
		}

		written = &quantity
	}
}

// stock returns the SKU of an inventory entry and how many pieces of it Klaviyo shows. An entry of no channel counts only
// when the SKU has none in the channel that is asked for, which takes a second request.
func (h handler) stock(ctx context.Context, entryID string) (sku string, quantity int64, err error) {
	entry, err := h.ct.InventoryEntry(ctx, entryID)
	if err != nil {
		return "", 0, err
	}

	channel, entries := h.cfg.Product.Inventory.UseChannelInventory, []commercetools.InventoryEntry{entry}

	if channel != "" && entry.SupplyChannel == nil {
		entries, err = h.ct.ChannelInventory(ctx, entry.SKU, channel)
		if err != nil {
			return "", 0, err
		}

		entries = append(entries, entry)
	}

	quantity, ok := mapping.Stock(channel, entries...)
	if !ok {
		return "", 0, delivery.Ignored("stock of another channel")
	}

	return entry.SKU, quantity, nil
}

// write is done when Klaviyo has no such variant: not every SKU is a published product's, and a variant comes with its
// stock. A 404 without Klaviyo's JSON says nothing about a variant.
func (h handler) write(ctx context.Context, sku string, quantity int64) error {
	err := h.kl.UpdateVariantStock(ctx, sku, quantity)

	if klaviyo.IsNotFound(err) {
		return delivery.Ignored("no such variant in Klaviyo")
	}

	return err
}
