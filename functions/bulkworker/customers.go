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
	// customersPerShard is about two of Klaviyo's batches: smaller shards would leave more batches half full.
	customersPerShard = 20_000
	// maxRead bounds what one task reads: a little more than Klaviyo's batch.
	maxRead = 12_000
)

// customerImport imports customers with Klaviyo's profile bulk import jobs.
type customerImport struct {
	customers reader[commercetools.Customer]
	kl        *klaviyo.Client
	fields    mapping.Filter
}

// newCustomerImport returns the import of customers; fields selects the custom fields that become properties.
func newCustomerImport(ct *commercetools.Client, kl *klaviyo.Client, fields mapping.Filter) *customerImport {
	return &customerImport{
		customers: reader[commercetools.Customer]{
			ct: ct, endpoint: commercetools.Customers, absent: errors.New("commercetools has no such customer"),
			idOf:       func(c commercetools.Customer) string { return c.ID },
			revisionOf: func(c commercetools.Customer) commercetools.Revision { return c.Revision },
		},
		kl: kl, fields: fields,
	}
}

// Plan implements bulk.Importer. Klaviyo may work a job off when a realtime message has brought something newer: those
// customers are read once more.
func (c *customerImport) Plan(ctx context.Context, o bulk.Options) (bulk.Plan, error) {
	plan, err := c.customers.plan(ctx, o, customersPerShard)
	plan.CatchUp = !o.DryRun

	return plan, err
}

// Import implements bulk.Importer.
func (c *customerImport) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	page := bulk.Page{Cursor: w.Cursor}

	// Who has the email of an earlier one, in another store say, goes into a batch of its own.
	batches := []*klaviyo.ProfileBatch{{}}

	// The second bound is for customers that never get into a batch: their failures have to fit into one write.
	for seen := 0; !page.End && batches[0].Room(pageSize) && seen < maxRead && limited(w, seen, pageSize) > 0; {
		customers, last, err := c.customers.read(ctx, w, page.Cursor, limited(w, seen, pageSize))
		if err != nil {
			return page, err
		}

		seen += len(customers)

		if full := c.fill(&batches, c.customers.changed(w, customers), &page); full {
			break
		}

		done(&page, customers, last)
	}

	return c.send(ctx, w, batches, page)
}

// fill puts customers into the batches, and counts them. It stops before the first that no longer fits.
func (c *customerImport) fill(batches *[]*klaviyo.ProfileBatch, customers []record[commercetools.Customer], page *bulk.Page) (full bool) {
	for _, r := range customers {
		err := c.add(batches, r)
		if errors.Is(err, klaviyo.ErrBatchFull) {
			return true
		}

		count(page, r, err)
	}

	return false
}

// add puts a customer into the first batch that has no other with the same email.
func (c *customerImport) add(batches *[]*klaviyo.ProfileBatch, r record[commercetools.Customer]) error {
	profile, err := mapped(r, c.profile)
	if err != nil {
		return err
	}

	for _, batch := range *batches {
		err := batch.Add(r.id, profile)
		if _, twice := errors.AsType[*klaviyo.DuplicateError](err); !twice {
			return err
		}
	}

	batch := &klaviyo.ProfileBatch{}
	if err := batch.Add(r.id, profile); err != nil {
		return err
	}

	*batches = append(*batches, batch)

	return nil
}

func (c *customerImport) profile(customer commercetools.Customer) (klaviyo.Profile, error) {
	return mapping.Profile(customer, c.fields)
}

// send sends the batches; rows that Klaviyo refuses become failures.
func (c *customerImport) send(ctx context.Context, w bulk.Work, batches []*klaviyo.ProfileBatch, page bulk.Page) (bulk.Page, error) {
	if page.Sent == 0 || w.Options.DryRun {
		return page, nil
	}

	for _, batch := range batches {
		if err := w.Proceed(ctx); err != nil {
			return page, err
		}

		jobs, refused, err := c.importProfiles(ctx, batch, 0)
		if err != nil {
			return page, err
		}

		page.Jobs = append(page.Jobs, jobs...)
		fail(&page, refused)
	}

	return page, nil
}
