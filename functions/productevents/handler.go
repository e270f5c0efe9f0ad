package productevents

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// The names by which disabledEvents switches a message off.
const (
	productPublished       = "ProductPublished"
	productUnpublished     = "ProductUnpublished"
	productResourceDeleted = "ProductResourceDeleted"
)

// handler keeps catalog items and their variants in step with products.
type handler struct {
	ct   *commercetools.Client
	kl   *klaviyo.Client
	shop mapping.Shop
	cfg  settings.Config
}

// New returns what the function does with a message. Its errors are for delivery.Classify.
func New(
	ct *commercetools.Client, kl *klaviyo.Client, shop settings.Shop, cfg settings.Config,
) func(context.Context, delivery.Message) error {
	return handler{ct: ct, kl: kl, shop: shop.Mapping(), cfg: cfg}.handle
}

// handle is the routing table.
func (h handler) handle(ctx context.Context, m delivery.Message) error {
	switch {
	case m.Resource.TypeID != "product":
		return delivery.Ignored("not about a product")
	case slices.Contains(h.cfg.Product.Messages.Published, m.Type):
		return h.unlessDisabled(ctx, productPublished, m, h.published)
	case slices.Contains(h.cfg.Product.Messages.Deleted, m.Type):
		return h.unlessDisabled(ctx, productUnpublished, m, h.unpublished)
	case m.NotificationType == delivery.ResourceDeleted:
		return h.unlessDisabled(ctx, productResourceDeleted, m, h.deleted)
	default:
		return delivery.Ignored("no message that changes a catalog item")
	}
}

func (h handler) unlessDisabled(
	ctx context.Context, event string, m delivery.Message, do func(context.Context, delivery.Message) error,
) error {
	if h.cfg.Disabled(event) {
		return delivery.Ignored("switched off by disabledEvents")
	}

	return do(ctx, m)
}

// published may come late: a product that is no longer published has no item either.
func (h handler) published(ctx context.Context, m delivery.Message) error {
	return h.sync(ctx, m.Resource.ID, 0)
}

// unpublished may come late: a product that has been published again since keeps its item.
func (h handler) unpublished(ctx context.Context, m delivery.Message) error {
	return h.sync(ctx, m.Resource.ID, m.ResourceVersion)
}

// deleted is final: an id never comes back.
func (h handler) deleted(ctx context.Context, m delivery.Message) error {
	return h.kl.DeleteItem(ctx, m.Resource.ID)
}

// entry is what the catalog should have of a product. The zero value is nothing: the product isn't published.
type entry struct {
	item     klaviyo.Item
	variants []klaviyo.Variant
}

// sync brings the item to the product as it is now. Two messages about one product may be in hand at the same time, and
// the one that read first may write last. So each looks again after it has written: whoever writes last has seen the newest.
func (h handler) sync(ctx context.Context, id string, unpublishedAt int64) error {
	want, err := h.read(ctx, id, unpublishedAt)
	if err != nil {
		return err
	}

	for { // until the product rests, or the message's time is over
		if err := h.write(ctx, id, want); err != nil {
			return err
		}

		now, err := h.read(ctx, id, unpublishedAt)
		if err != nil || reflect.DeepEqual(now, want) {
			return err
		}

		want = now
	}
}

// read fetches the product and maps it. One that is no newer than unpublishedAt lags behind the message that told that
// this version isn't published.
func (h handler) read(ctx context.Context, id string, unpublishedAt int64) (entry, error) {
	product, err := h.ct.PublishedProduct(ctx, id)
	if gone := err != nil && delivery.Classify(err) == delivery.Done; gone || err == nil && product.Version <= unpublishedAt {
		return entry{}, nil
	}

	if err != nil {
		return entry{}, err
	}

	var prices []commercetools.StandalonePrice

	if product.PriceMode == commercetools.PriceModeStandalone {
		prices, err = h.ct.StandalonePrices(ctx, skus(product)...)
		if err != nil {
			return entry{}, err
		}
	}

	cfg := mapping.ProductConfig{MissingText: h.cfg.Product.MissingText, Channel: h.cfg.Product.Inventory.UseChannelInventory}
	item, variants, err := mapping.Product(product, prices, h.shop, cfg, time.Now())

	return entry{item, variants}, err
}

// write writes the item, then its variants, or takes the item away. What disabledEvents has switched off isn't done on the
// way of another message either.
func (h handler) write(ctx context.Context, id string, want entry) error {
	published := want.item.Published

	switch {
	case published && h.cfg.Disabled(productPublished), !published && h.cfg.Disabled(productUnpublished):
		return nil
	case !published:
		return h.kl.DeleteItem(ctx, id)
	}

	if err := h.kl.UpsertItem(ctx, want.item); err != nil {
		return err
	}

	return h.writeVariants(ctx, id, want.variants)
}

func skus(p commercetools.Product) []string {
	var all []string
	for _, v := range p.AllVariants() {
		all = append(all, v.SKU)
	}

	return all
}
