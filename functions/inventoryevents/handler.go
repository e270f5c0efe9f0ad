package inventoryevents

import (
	"context"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/instep"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// inventoryResourceUpdated is the name by which disabledEvents switches the changes off.
const inventoryResourceUpdated = "InventoryResourceUpdated"

// handler keeps the stock of catalog variants in step with inventory entries.
type handler struct {
	ct    *commercetools.Client
	kl    *klaviyo.Client
	cfg   settings.Config
	turns *instep.Turns
}

// New returns what the function does with a message. Its errors are for delivery.Classify.
func New(ct *commercetools.Client, kl *klaviyo.Client, cfg settings.Config) delivery.Handle {
	return handler{ct: ct, kl: kl, cfg: cfg, turns: instep.NewTurns()}.handle
}

// handle is the routing table.
func (h handler) handle(ctx context.Context, m delivery.Message) error {
	switch {
	case m.Resource.TypeID != "inventory-entry":
		return delivery.Ignored("not about an inventory entry")
	case m.NotificationType == delivery.ResourceUpdated, m.NotificationType == delivery.ResourceCreated:
		return delivery.UnlessDisabled(h.cfg, inventoryResourceUpdated, h.changed)(ctx, m)
	default:
		return delivery.Ignored("no message that changes a stock")
	}
}

// changed brings the variant to the stock as it is now: one request to commercetools (see read for the second) and one to
// Klaviyo.
func (h handler) changed(ctx context.Context, m delivery.Message) error {
	return h.turns.Take(ctx, m.Resource.ID, "update", func() error {
		return instep.Sync(ctx, func(ctx context.Context) (stock, error) { return h.read(ctx, m.Resource.ID) }, h.write)
	})
}

// stock is how many pieces of a SKU Klaviyo shows.
type stock struct {
	sku      string
	quantity int64
}

// read fetches the stock that an inventory entry is a part of. An entry of no channel counts only when the SKU has none in
// the channel that is asked for, which takes a second request.
func (h handler) read(ctx context.Context, entryID string) (stock, error) {
	entry, err := h.ct.InventoryEntry(ctx, entryID)
	if err != nil {
		return stock{}, err
	}

	channel, entries := h.cfg.Product.Inventory.UseChannelInventory, []commercetools.InventoryEntry{entry}

	if channel != "" && entry.SupplyChannel == nil {
		entries, err = h.ct.InventoryOf(ctx, channel, entry.SKU)
		if err != nil {
			return stock{}, err
		}

		entries = append(entries, entry)
	}

	quantity, ok := mapping.Stock(channel, entries...)
	if !ok {
		return stock{}, delivery.Ignored("stock of another channel")
	}

	return stock{entry.SKU, quantity}, nil
}

// write is done when Klaviyo has no such variant: not every SKU is a published product's, and a variant comes with its
// stock. A 404 without Klaviyo's JSON says nothing about a variant.
func (h handler) write(ctx context.Context, s stock) error {
	err := h.kl.UpdateVariantStock(ctx, s.sku, s.quantity)

	if klaviyo.IsNotFound(err) {
		return delivery.Ignored("no such variant in Klaviyo")
	}

	return err
}
