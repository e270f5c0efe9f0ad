package bulkworker

import (
	"context"
	"errors"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
)

const (
	// pageSize is the most that commercetools gives at once.
	pageSize = 500
	// customersPerShard is about two of Klaviyo's batches: smaller shards would leave more batches half full.
	customersPerShard = 20_000
	// maxRead bounds what one task reads: a little more than Klaviyo's batch.
	maxRead = 12_000
)

// Customers imports customers with Klaviyo's profile bulk import jobs.
type Customers struct {
	ct     *commercetools.Client
	kl     *klaviyo.Client
	fields mapping.Filter
}

// NewCustomers returns the import of customers; fields selects the custom fields that become properties.
func NewCustomers(ct *commercetools.Client, kl *klaviyo.Client, fields mapping.Filter) *Customers {
	return &Customers{ct: ct, kl: kl, fields: fields}
}

// Plan implements bulk.Importer.
func (c *Customers) Plan(ctx context.Context, o bulk.Options) (total, shards int, err error) {
	if len(o.IDs) > 0 {
		return len(o.IDs), 1, nil
	}

	since := modifiedSince(o)

	total, err = c.ct.Count(ctx, commercetools.Customers, since...)
	if err == nil && len(since) > 0 && total >= commercetools.MaxCounted {
		total, err = c.ct.Count(ctx, commercetools.Customers) // more than are counted: at most all
	}

	if err != nil {
		return 0, 0, fatal(err)
	}

	return total, bulk.ShardsFor(total, customersPerShard), nil
}

// Import implements bulk.Importer.
func (c *Customers) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	page := bulk.Page{Cursor: w.Cursor}

	var batch klaviyo.ProfileBatch

	// The second bound is for customers that never get into a batch: their failures have to fit into one write.
	for !page.End && batch.Room(pageSize) && page.Read < maxRead {
		customers, last, err := c.read(ctx, w, page.Cursor)
		if err != nil {
			return bulk.Page{}, fatal(err)
		}

		page.End = last

		if full := c.fill(&batch, customers, &page); full {
			page.End = false

			break
		}
	}

	return c.send(ctx, w, &batch, page)
}

// fill puts customers into the batch, and counts them. It stops before the first that no longer fits.
func (c *Customers) fill(batch *klaviyo.ProfileBatch, customers []record, page *bulk.Page) (full bool) {
	for _, r := range customers {
		err := c.add(batch, r)
		if errors.Is(err, klaviyo.ErrBatchFull) {
			return true
		}

		page.Cursor = r.id
		page.Read++

		if _, missing := errors.AsType[*mapping.MissingError](err); missing {
			page.Skipped++
		} else if err != nil {
			page.Failed++
			page.Failures = append(page.Failures, bulk.Failure{ID: r.id, Reason: err.Error()})
		}
	}

	return false
}

func (c *Customers) add(batch *klaviyo.ProfileBatch, r record) error {
	if r.err != nil {
		return r.err
	}

	profile, err := mapping.Profile(r.customer, c.fields)
	if err != nil {
		return err
	}

	return batch.Add(r.id, profile)
}

// send sends the batch; rows that Klaviyo refuses become failures.
func (c *Customers) send(ctx context.Context, w bulk.Work, batch *klaviyo.ProfileBatch, page bulk.Page) (bulk.Page, error) {
	page.Sent = batch.Len()
	if page.Sent == 0 || w.Options.DryRun {
		return page, nil
	}

	if err := w.Proceed(ctx); err != nil {
		return bulk.Page{}, err
	}

	jobs, refused, err := c.importProfiles(ctx, batch, 0)
	if err != nil {
		return bulk.Page{}, fatal(err)
	}

	page.Jobs = jobs
	page.Failures = append(page.Failures, refused...)
	page.Sent -= len(refused)
	page.Failed += len(refused)

	return page, nil
}
