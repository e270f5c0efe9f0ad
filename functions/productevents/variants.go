package productevents

import (
	"context"
	"fmt"
	"slices"

	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// writeVariants creates and updates the variants of an item, then deletes those that commercetools has no more. The list of
// those that there are, which the latter needs, is asked for first: it tells which are to be created, and saves a request
// in vain for each.
func (h handler) writeVariants(ctx context.Context, itemID string, variants []klaviyo.Variant) error {
	have, err := h.kl.ItemVariantIDs(ctx, itemID)
	if err != nil {
		return err
	}

	surplus := slices.DeleteFunc(slices.Clone(have), func(id string) bool {
		return slices.ContainsFunc(variants, func(v klaviyo.Variant) bool { return v.ExternalID == id })
	})

	refused := delivery.Each(ctx, variants, func(ctx context.Context, v klaviyo.Variant) error {
		write := h.createVariant
		if slices.Contains(have, v.ExternalID) {
			write = h.kl.UpsertVariant
		}

		if err := write(ctx, v); err != nil {
			return fmt.Errorf("variant %s: %w", v.ExternalID, err)
		}

		return nil
	})
	if delivery.Classify(refused) == delivery.Later {
		return refused
	}

	if err := h.deleteVariants(ctx, itemID, surplus); err != nil {
		return err
	}

	return refused
}

// deleteVariants deletes variants of an item. One that another product has got meanwhile, with its SKU, is not the item's any
// more, and stays.
func (h handler) deleteVariants(ctx context.Context, itemID string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}

	have, err := h.kl.ItemVariantIDs(ctx, itemID)
	if err != nil {
		return err
	}

	ids = slices.DeleteFunc(ids, func(id string) bool { return !slices.Contains(have, id) })

	return delivery.Each(ctx, ids, h.kl.DeleteVariant)
}

// createVariant creates a variant that the item didn't have. When there is one with its id, either another message about
// this product was faster, or the SKU was another product's: then it is deleted there, for Klaviyo can't move it.
func (h handler) createVariant(ctx context.Context, v klaviyo.Variant) error {
	err := h.kl.CreateVariant(ctx, v)
	if !klaviyo.IsConflict(err) {
		return err
	}

	have, err := h.kl.ItemVariantIDs(ctx, v.ItemID)
	if err != nil {
		return err
	}

	if !slices.Contains(have, v.ExternalID) {
		if err := h.kl.DeleteVariant(ctx, v.ExternalID); err != nil {
			return err
		}
	}

	return h.kl.UpsertVariant(ctx, v)
}
