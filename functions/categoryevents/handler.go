package categoryevents

import (
	"context"
	"slices"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/instep"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// handler keeps catalog categories in step with categories.
type handler struct {
	ct    *commercetools.Client
	kl    *klaviyo.Client
	shop  mapping.Shop
	cfg   settings.Config
	turns *instep.Turns
}

// New returns what the function does with a message. Its errors are for delivery.Classify.
func New(ct *commercetools.Client, kl *klaviyo.Client, shop settings.Shop, cfg settings.Config) delivery.Handle {
	return handler{ct: ct, kl: kl, shop: shop.Mapping(), cfg: cfg, turns: instep.NewTurns()}.handle
}

// handle is the routing table.
func (h handler) handle(ctx context.Context, m delivery.Message) error {
	switch {
	case m.Resource.TypeID != "category":
		return delivery.Ignored("not about a category")
	case slices.Contains(h.cfg.Category.Messages.Created, m.Type):
		return delivery.UnlessDisabled(h.cfg, settings.CategoryCreated, h.changed)(ctx, m)
	case m.NotificationType == delivery.ResourceUpdated, m.NotificationType == delivery.ResourceCreated:
		return delivery.UnlessDisabled(h.cfg, settings.CategoryResourceUpdated, h.changed)(ctx, m)
	case m.NotificationType == delivery.ResourceDeleted:
		return delivery.UnlessDisabled(h.cfg, settings.CategoryResourceDeleted, h.deleted)(ctx, m)
	default:
		return delivery.Ignored("no message that changes a catalog category")
	}
}

// changed brings the catalog category to the category as it is now: one request to commercetools, which gives the names of
// all ancestors too, and one to Klaviyo, or two when it is new.
func (h handler) changed(ctx context.Context, m delivery.Message) error {
	return h.turns.Take(ctx, m.Resource.ID, "update", func() error {
		err := instep.Sync(ctx, func(ctx context.Context) (klaviyo.Category, error) {
			category, err := h.ct.Category(ctx, m.Resource.ID)
			if err != nil {
				return klaviyo.Category{}, err
			}

			return mapping.Category(category, h.shop), nil
		}, h.kl.UpsertCategory)

		// What a late update, this or another one, may have created anew goes.
		if commercetools.IsNotFound(err) && !h.cfg.Disabled(settings.CategoryResourceDeleted) {
			if err := h.kl.DeleteCategory(ctx, m.Resource.ID); err != nil {
				return err
			}
		}

		return err
	})
}

func (h handler) deleted(ctx context.Context, m delivery.Message) error {
	return h.turns.Take(ctx, m.Resource.ID, "delete", func() error { return h.kl.DeleteCategory(ctx, m.Resource.ID) })
}
