package bulkworker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/instep"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// withStock adds to the jobs of variants when these were read.
func withStock(jobs []bulk.Job, read time.Time) []bulk.Job { return withTime(jobs, noteRead, read) }

// aboutStock tells of what mendStock has to know in the end.
func aboutStock(job bulk.Job) bool { return job.Kind == noteRead || wroteVariants(job) }

func wroteVariants(job bulk.Job) bool {
	return job.Kind == string(klaviyo.CreateVariants) || job.Kind == string(klaviyo.UpdateVariants)
}

// mendStock writes the stock that has changed since the variants of these jobs were read. A job may have overwritten what
// InventoryEvents has written, and no other pass would read the product: it isn't modified by that. It costs one request to
// commercetools, and where a stock has changed one to Klaviyo. Where commercetools refuses to tell, as it does an API client
// without the scope view_products, the stock of the jobs stays: the products have been imported all the same.
func (p *productImport) mendStock(ctx context.Context, w bulk.Work, jobs []bulk.Job) error {
	written := map[string]bool{}

	for _, job := range jobs {
		if wroteVariants(job) {
			for _, sku := range job.Refs {
				written[sku] = true
			}
		}
	}

	read := noted(jobs, noteRead)
	if len(read) == 0 || len(written) == 0 {
		return nil
	}

	since, err := time.Parse(time.RFC3339Nano, read[0])
	if err != nil {
		return fmt.Errorf("when variants were read: %w", err)
	}

	err = instep.Sync(ctx, func(ctx context.Context) ([]stock, error) {
		return p.changedStock(ctx, since.Add(-bulk.ClockSkew), written)
	}, func(ctx context.Context, changed []stock) error {
		if len(changed) == 0 {
			return nil
		}

		if err := w.Proceed(ctx); err != nil {
			return err
		}

		return delivery.Each(ctx, changed, p.writeStock)
	})
	if commercetools.IsRefused(err) {
		return nil
	}

	return err
}

// stock is how many pieces there are of a variant.
type stock struct {
	sku      string
	quantity int64
}

// changedStock is that of those SKUs whose inventory entries were modified since.
func (p *productImport) changedStock(ctx context.Context, since time.Time, skus map[string]bool) ([]stock, error) {
	entries, err := p.changedEntries(ctx, since, skus)
	if err != nil {
		return nil, err
	}

	changed := slices.Sorted(maps.Keys(entries))

	// Whether an entry counts that belongs to no channel depends on another, which may not have changed.
	if channel := p.cfg.Channel; channel != "" {
		found, err := p.ct.InventoryOf(ctx, channel, changed...)
		if err != nil {
			return nil, err
		}

		clear(entries)

		for _, e := range found {
			entries[e.SKU] = append(entries[e.SKU], e)
		}
	}

	var all []stock

	for _, sku := range changed {
		if quantity, ok := mapping.Stock(p.cfg.Channel, entries[sku]...); ok {
			all = append(all, stock{sku, quantity})
		}
	}

	return all, nil
}

// changedEntries are those inventory entries, by their SKUs.
func (p *productImport) changedEntries(
	ctx context.Context, since time.Time, skus map[string]bool,
) (map[string][]commercetools.InventoryEntry, error) {
	entries := map[string][]commercetools.InventoryEntry{}

	for cursor, last := "", false; !last; {
		read, end, err := p.inventory.scan(ctx, commercetools.Window{After: cursor}, pageSize, commercetools.ModifiedSince(since))
		if err != nil {
			return nil, err
		}

		last = end

		for _, r := range read {
			if cursor = r.id; r.err == nil && skus[r.value.SKU] {
				entries[r.value.SKU] = append(entries[r.value.SKU], r.value)
			}
		}
	}

	return entries, nil
}

// writeStock is done when Klaviyo no longer has the variant.
func (p *productImport) writeStock(ctx context.Context, s stock) error {
	err := p.kl.UpdateVariantStock(ctx, s.sku, s.quantity)
	if klaviyo.IsNotFound(err) {
		return nil
	}

	return err
}
