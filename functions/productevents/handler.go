package productevents

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/instep"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// handler keeps catalog items and their variants in step with products.
type handler struct {
	ct      *commercetools.Client
	kl      *klaviyo.Client
	shop    mapping.Shop
	cfg     settings.Config
	product mapping.ProductConfig
	turns   *instep.Turns
	room    room
}

// New returns what the function does with a message. Its errors are for delivery.Classify.
func New(ct *commercetools.Client, kl *klaviyo.Client, shop settings.Shop, cfg settings.Config) delivery.Handle {
	return handler{
		ct: ct, kl: kl, shop: shop.Mapping(), cfg: cfg, product: cfg.Product.Mapping(), turns: instep.NewTurns(), room: newRoom(),
	}.handle
}

// handle is the routing table.
func (h handler) handle(ctx context.Context, m delivery.Message) error {
	switch {
	case m.Resource.TypeID != "product":
		return delivery.Ignored("not about a product")
	case slices.Contains(h.cfg.Product.Messages.Published, m.Type):
		return delivery.UnlessDisabled(h.cfg, settings.ProductPublished, h.published)(ctx, m)
	case slices.Contains(h.cfg.Product.Messages.Deleted, m.Type):
		return delivery.UnlessDisabled(h.cfg, settings.ProductUnpublished, h.unpublished)(ctx, m)
	case m.NotificationType == delivery.ResourceDeleted:
		return delivery.UnlessDisabled(h.cfg, settings.ProductResourceDeleted, h.deleted)(ctx, m)
	default:
		return delivery.Ignored("no message that changes a catalog item")
	}
}

// published may come late: a product that is no longer published has no item either.
func (h handler) published(ctx context.Context, m delivery.Message) error {
	return h.turns.Take(ctx, m.Resource.ID, "publish", func() error { return h.sync(ctx, m.Resource.ID, 0) })
}

// unpublished may come late: a product that has been published again since keeps its item.
func (h handler) unpublished(ctx context.Context, m delivery.Message) error {
	job := fmt.Sprintf("unpublish %d", m.ResourceVersion)

	return h.turns.Take(ctx, m.Resource.ID, job, func() error { return h.sync(ctx, m.Resource.ID, m.ResourceVersion) })
}

// deleted is final: an id never comes back.
func (h handler) deleted(ctx context.Context, m delivery.Message) error {
	return h.turns.Take(ctx, m.Resource.ID, "delete", func() error { return h.kl.DeleteItem(ctx, m.Resource.ID) })
}

// entry is what the catalog should have of a product.
type entry struct {
	item     klaviyo.Item
	variants []klaviyo.Variant
}

// sync brings the item to the product as it is now.
func (h handler) sync(ctx context.Context, id string, unpublishedAt int64) error {
	return instep.Sync(ctx,
		func(ctx context.Context) (*entry, error) { return h.read(ctx, id, unpublishedAt) },
		func(ctx context.Context, want *entry) error { return h.write(ctx, id, want) })
}

// read fetches the product and maps it; nil is nothing, for it isn't published. One that is no newer than unpublishedAt lags
// behind the message that told that this version isn't published.
func (h handler) read(ctx context.Context, id string, unpublishedAt int64) (*entry, error) {
	product, err := h.ct.PublishedProduct(ctx, id)
	if commercetools.IsNotFound(err) || err == nil && product.Version <= unpublishedAt {
		return nil, nil //nolint:nilnil // there is nothing that the catalog should have
	}

	if err != nil {
		return nil, err
	}

	var prices []commercetools.StandalonePrice

	if product.PriceMode == commercetools.PriceModeStandalone {
		prices, err = h.ct.StandalonePrices(ctx, skus(product)...)
		if err != nil {
			return nil, err
		}
	}

	stock, err := h.stock(ctx, product)
	if err != nil {
		return nil, err
	}

	item, variants, err := mapping.Product(product, prices, h.shop, h.product, time.Now())
	if err != nil {
		return nil, err
	}

	return &entry{item, inStock(variants, h.product.Channel, stock)}, nil
}

// stock fetches the inventory entries of a product. There are none to be had when commercetools refuses to tell, as it does an
// API client that may see what is published and no more.
func (h handler) stock(ctx context.Context, p commercetools.Product) ([]commercetools.InventoryEntry, error) {
	entries, err := h.ct.InventoryOf(ctx, h.product.Channel, skus(p)...)
	if commercetools.IsRefused(err) {
		delivery.Note(ctx, slog.Group("stock",
			slog.String("warning", "it may be some seconds old: inventory can't be read, for which the API client needs the scope view_products"),
			slog.Any(logging.ErrorKey, err)))

		return nil, nil
	}

	return entries, err
}

// inStock gives the variants the stock of the inventory entries. What a product says about it may be 10 seconds old, and
// would overwrite what InventoryEvents has written since; it counts only where there is no entry.
func inStock(variants []klaviyo.Variant, channel string, entries []commercetools.InventoryEntry) []klaviyo.Variant {
	bySKU := map[string][]commercetools.InventoryEntry{}
	for _, e := range entries {
		bySKU[e.SKU] = append(bySKU[e.SKU], e)
	}

	for i, v := range variants {
		if quantity, ok := mapping.Stock(channel, bySKU[v.SKU]...); ok {
			variants[i].InventoryQuantity = quantity
		}
	}

	return variants
}

// write writes the item, then its variants, or takes the item away. What disabledEvents has switched off isn't done on the
// way of another message either.
func (h handler) write(ctx context.Context, id string, want *entry) error {
	switch published := want != nil; {
	case published && h.cfg.Disabled(settings.ProductPublished), !published && h.cfg.Disabled(settings.ProductUnpublished):
		return nil
	case !published:
		return h.kl.DeleteItem(ctx, id)
	}

	// The item, which variants it has, and each of them.
	return h.room.take(ctx, 2+len(want.variants), func() error {
		if err := h.kl.UpsertItem(ctx, want.item); err != nil {
			return err
		}

		return h.writeVariants(ctx, id, want.variants)
	})
}

func skus(p commercetools.Product) []string {
	var all []string
	for _, v := range p.AllVariants() {
		all = append(all, v.SKU)
	}

	return all
}
