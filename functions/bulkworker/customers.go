package bulkworker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

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

	total, err = c.ct.Count(ctx, commercetools.Customers, modifiedSince(o)...)
	if err != nil {
		return 0, 0, fatal(err)
	}

	return total, bulk.ShardsFor(total, customersPerShard), nil
}

// Import implements bulk.Importer.
func (c *Customers) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	page := bulk.Page{Cursor: w.Cursor}

	var batch klaviyo.ProfileBatch

	for !page.End && batch.Room(pageSize) {
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

// read returns the customers behind the cursor, and whether they are the last of the range.
func (c *Customers) read(ctx context.Context, w bulk.Work, cursor string) ([]record, bool, error) {
	window := commercetools.Window{After: cursor, Before: w.Before}

	if len(w.Options.IDs) == 0 {
		raw, err := c.ct.Scan(ctx, commercetools.Customers, window, pageSize, commercetools.Query{Where: modifiedSince(w.Options)})
		if err != nil {
			return nil, false, err
		}

		all, err := records(raw)

		return all, len(raw) < pageSize, err
	}

	from, done := slices.BinarySearch(w.Options.IDs, cursor)
	if done {
		from++
	}

	ids := w.Options.IDs[from:min(from+commercetools.MaxIDs, len(w.Options.IDs))]
	if len(ids) == 0 {
		return nil, true, nil
	}

	raw, err := c.ct.Scan(ctx, commercetools.Customers, window, pageSize,
		commercetools.Query{Where: []commercetools.Predicate{commercetools.IDIn(ids...)}})
	if err != nil {
		return nil, false, err
	}

	found, err := records(raw)

	return withAbsent(ids, found), from+len(ids) == len(w.Options.IDs), err
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

	job, refused, err := c.kl.ImportProfiles(ctx, batch)
	if err != nil {
		return bulk.Page{}, fatal(err)
	}

	if job != "" {
		page.Jobs = []string{job}
	}

	for _, r := range refused {
		page.Failures = append(page.Failures, bulk.Failure{
			ID: r.Ref, Reason: "Klaviyo refused the profile: " + r.Title, Code: r.Code, Pointer: r.Pointer,
		})
	}

	page.Sent -= len(refused)
	page.Failed += len(refused)

	return page, nil
}

// Settle implements bulk.Importer.
func (c *Customers) Settle(ctx context.Context, jobs []string) (bulk.Settled, error) {
	var settled bulk.Settled

	for _, id := range jobs {
		job, err := c.kl.ImportJob(ctx, id)
		if err != nil {
			return bulk.Settled{}, fatal(err)
		}

		if !job.Ended() {
			settled.Pending = append(settled.Pending, id)

			continue
		}

		if err := c.end(ctx, id, job, &settled); err != nil {
			return bulk.Settled{}, fatal(err)
		}
	}

	return settled, nil
}

// end counts what an ended job has refused, and says why.
func (c *Customers) end(ctx context.Context, id string, job klaviyo.Job, settled *bulk.Settled) error {
	if lost := job.Total - job.Completed - job.Failed; lost > 0 {
		settled.Failed += lost
		settled.Failures = append(settled.Failures, bulk.Failure{
			ID:     "job " + id,
			Reason: fmt.Sprintf("Klaviyo ended the job as %q with %d profiles not dealt with; import again", job.Status, lost),
		})
	}

	if job.Failed == 0 {
		return nil
	}

	failed, err := c.kl.ImportErrors(ctx, id)
	if err != nil {
		return err
	}

	settled.Failed += job.Failed

	for _, f := range failed {
		settled.Failures = append(settled.Failures, bulk.Failure{
			ID: f.ExternalID, Reason: "Klaviyo could not import the profile: " + f.Title, Code: f.Code, Pointer: f.Pointer,
		})
	}

	return nil
}

// record is one customer, or why there is none.
type record struct {
	id       string
	customer commercetools.Customer
	err      error
}

func records(raw []json.RawMessage) ([]record, error) {
	all := make([]record, len(raw))

	for i, r := range raw {
		customer, err := commercetools.Decode[commercetools.Customer](r)
		all[i] = record{id: customer.ID, customer: customer, err: err}

		if err == nil {
			continue
		}

		// One customer that cannot be read is a failure; without its id the page could not go on.
		named, err := commercetools.Decode[struct {
			ID string `json:"id"`
		}](r)
		if err != nil {
			return nil, err
		}

		all[i].id = named.ID
	}

	return all, nil
}

var errAbsent = errors.New("commercetools has no such customer")

// withAbsent adds the ids that were asked for and not found, in order.
func withAbsent(ids []string, found []record) []record {
	all := make([]record, 0, len(ids))

	for _, id := range ids {
		if len(found) > 0 && found[0].id == id {
			all, found = append(all, found[0]), found[1:]
		} else {
			all = append(all, record{id: id, err: errAbsent})
		}
	}

	return all
}

func modifiedSince(o bulk.Options) []commercetools.Predicate {
	if o.Since.IsZero() {
		return nil
	}

	return []commercetools.Predicate{commercetools.ModifiedSince(o.Since)}
}

// fatal marks the errors that no later attempt would mend: wrong credentials, missing permissions, a query that
// commercetools does not understand.
func fatal(err error) error {
	if ct, ok := errors.AsType[*commercetools.Error](err); ok {
		switch ct.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest:
			return &bulk.FatalError{Reason: err.Error()}
		}
	}

	// Klaviyo's own refusal has details; without any it was a proxy on the way, and passes.
	if kl, ok := errors.AsType[*klaviyo.Error](err); ok && len(kl.Details) > 0 {
		switch kl.Status {
		case http.StatusUnauthorized, http.StatusForbidden:
			return &bulk.FatalError{Reason: err.Error()}
		}
	}

	return err
}
