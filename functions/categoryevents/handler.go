package categoryevents

import (
	"context"
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
	categoryCreated         = "CategoryCreated"
	categoryResourceUpdated = "CategoryResourceUpdated"
	categoryResourceDeleted = "CategoryResourceDeleted"
)

// prompt is how soon after the reading a writing is as good as at once. One that had to wait, for the rate limit say, may
// have been overtaken by that of a newer change.
const prompt = 2 * time.Second

// handler keeps catalog categories in step with categories.
type handler struct {
	ct   *commercetools.Client
	kl   *klaviyo.Client
	shop mapping.Shop
	cfg  settings.Config
}

// New returns what the function does with a message; of shop only the locale counts. Its errors are for
// delivery.Classify.
func New(
	ct *commercetools.Client, kl *klaviyo.Client, shop settings.Shop, cfg settings.Config,
) func(context.Context, delivery.Message) error {
	return handler{ct: ct, kl: kl, shop: shop.Mapping(), cfg: cfg}.handle
}

// handle is the routing table.
func (h handler) handle(ctx context.Context, m delivery.Message) error {
	switch {
	case m.Resource.TypeID != "category":
		return delivery.Ignored("not about a category")
	case slices.Contains(h.cfg.Category.Messages.Created, m.Type):
		return h.unlessDisabled(ctx, categoryCreated, m, h.sync)
	case m.NotificationType == delivery.ResourceUpdated, m.NotificationType == delivery.ResourceCreated:
		return h.unlessDisabled(ctx, categoryResourceUpdated, m, h.sync)
	case m.NotificationType == delivery.ResourceDeleted:
		return h.unlessDisabled(ctx, categoryResourceDeleted, m, h.remove)
	default:
		return delivery.Ignored("no message that changes a catalog category")
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

// sync brings the catalog category to the category as it is now: one request to commercetools, which gives the names of
// all ancestors too, and one to Klaviyo, or two when it is new. After a writing that wasn't prompt it looks again.
func (h handler) sync(ctx context.Context, m delivery.Message) error {
	var written klaviyo.Category

	for { // until Klaviyo has what commercetools has, or the message's time is over
		read := time.Now()

		category, err := h.ct.Category(ctx, m.Resource.ID)
		if err != nil {
			return h.gone(ctx, m, err)
		}

		want := mapping.Category(category, h.shop)
		if want == written {
			return nil
		}

		if err := h.kl.UpsertCategory(ctx, want); err != nil || time.Since(read) < prompt {
			return err
		}

		written = want
	}
}

// gone takes away what a late update, this or another one, may have created anew. err is why there is no category; unless
// it says that the category doesn't exist, nothing is known.
func (h handler) gone(ctx context.Context, m delivery.Message, err error) error {
	if delivery.Classify(err) == delivery.Done && !h.cfg.Disabled(categoryResourceDeleted) {
		if err := h.remove(ctx, m); err != nil {
			return err
		}
	}

	return err
}

func (h handler) remove(ctx context.Context, m delivery.Message) error {
	return h.kl.DeleteCategory(ctx, m.Resource.ID)
}
