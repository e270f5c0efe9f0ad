package inventoryevents

import (
	"context"
	"encoding/json"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/instep"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

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
	case m.NotificationType == delivery.ResourceUpdated, m.NotificationType == delivery.ResourceCreated,
		m.NotificationType == delivery.ResourceDeleted:
		return delivery.UnlessDisabled(h.cfg, settings.InventoryResourceUpdated, h.changed)(ctx, m)
	default:
		return delivery.Ignored("no message that changes a stock")
	}
}

// changed brings the variant to the stock as it is now: one request to commercetools (see read for the second) and one to
// Klaviyo. A deletion takes turns of its own, for another message may not tell the SKU.
func (h handler) changed(ctx context.Context, m delivery.Message) error {
	return h.turns.Take(ctx, m.Resource.ID, m.NotificationType, func() error {
		return instep.Sync(ctx, func(ctx context.Context) (stock, error) { return h.read(ctx, m) }, h.write)
	})
}

// stock is how many pieces of a SKU Klaviyo shows.
type stock struct {
	sku      string
	quantity int64
}

// read fetches the stock that an inventory entry is a part of. An entry of no channel counts only when the SKU has none in
// the channel that is asked for, which takes a second request; and so does an entry that is gone.
func (h handler) read(ctx context.Context, m delivery.Message) (stock, error) {
	entry, err := h.ct.InventoryEntry(ctx, m.Resource.ID)
	if commercetools.IsNotFound(err) {
		return h.left(ctx, m, err)
	}

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

// left fetches the stock that a SKU has without an entry that is gone. Without any entry it is 0, as for a product's variant
// whose stock nobody counts. A message that doesn't tell the SKU leaves nothing to do.
func (h handler) left(ctx context.Context, m delivery.Message, gone error) (stock, error) {
	var payload struct {
		Identifiers struct {
			SKU string `json:"sku"`
		} `json:"resourceUserProvidedIdentifiers"`
	}
	if err := json.Unmarshal(m.Raw, &payload); err != nil {
		return stock{}, delivery.Unreadable("the SKU is no text")
	}

	sku := payload.Identifiers.SKU
	if sku == "" {
		return stock{}, gone
	}

	channel := h.cfg.Product.Inventory.UseChannelInventory

	entries, err := h.ct.InventoryOf(ctx, channel, sku)
	if err != nil {
		return stock{}, err
	}

	quantity, _ := mapping.Stock(channel, entries...)

	return stock{sku, quantity}, nil
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
