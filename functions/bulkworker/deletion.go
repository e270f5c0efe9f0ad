package bulkworker

import (
	"context"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// pagesPerDeletion is how many of Klaviyo's pages of 100 one task deletes.
const pagesPerDeletion = 10

// deletion deletes everything of one kind from Klaviyo's catalog. The records are Klaviyo's, and the cursor is, too.
type deletion struct {
	kl   *klaviyo.Client
	kind klaviyo.JobKind
	list func(ctx context.Context, cursor string) (ids []string, next string, err error)
}

// deletionPlan reads the catalog again at the end: Klaviyo does not say whether a cursor stands still while what is before
// it goes.
func deletionPlan(o bulk.Options) bulk.Plan {
	return bulk.Plan{Shards: 1, CatchUp: !o.DryRun}
}

// Import starts the jobs that delete what some pages list.
func (d deletion) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	page := bulk.Page{Cursor: w.Cursor, Settle: true}

	var ids []string

	for n := 0; n < pagesPerDeletion && !page.End; n++ {
		some, next, err := d.list(ctx, page.Cursor)
		if err != nil {
			return page, judged(err)
		}

		ids = append(ids, some...)
		page.Cursor, page.End = next, next == ""
	}

	page.Counts = bulk.Counts{Read: len(ids), Sent: len(ids)}
	if len(ids) == 0 || w.Options.DryRun {
		return page, nil
	}

	if err := w.Proceed(ctx); err != nil {
		return page, err
	}

	started, refused, err := d.kl.StartDeletions(ctx, d.kind, ids)
	if err != nil {
		return page, judged(err)
	}

	page.Jobs = jobsOf(d.kind, started, 0)

	for _, r := range refused {
		fail(&page, []bulk.Failure{failure(r.Ref, "Klaviyo refused to delete it", r.Code, r.Pointer)})
	}

	return page, nil
}

// Settle records what is still there after a job. What was not there any more is no failure.
func (d deletion) Settle(ctx context.Context, jobs []bulk.Job) (bulk.Settled, error) {
	ended, failed, err := poll(ctx, d.kl, jobs)
	if err != nil || !ended {
		return bulk.Settled{Pending: jobs}, judged(err)
	}

	ids := make([]string, len(failed))
	for i, f := range failed {
		ids[i] = f.ref
	}

	there, err := d.there(ctx, ids)
	if err != nil {
		return bulk.Settled{}, judged(err)
	}

	var failures []bulk.Failure

	for _, f := range failed {
		if there[f.ref] {
			failures = append(failures, failure(f.ref, "Klaviyo could not delete it", f.why.Code, f.why.Pointer))
		}
	}

	return settled(nil, failures), nil
}

func (d deletion) there(ctx context.Context, ids []string) (map[string]bool, error) {
	if d.kind == klaviyo.DeleteCategories {
		return d.kl.CatalogCategories(ctx, ids)
	}

	return existingItems(ctx, d.kl, ids)
}
