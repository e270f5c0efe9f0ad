package bulkworker

import (
	"context"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// deletedPerTask is how much one task deletes, ten of Klaviyo's pages.
const deletedPerTask = 1_000

// withDeletion imports, or deletes everything if that is asked for.
type withDeletion struct {
	bulk.Importer

	deletion deletion
}

// Plan implements bulk.Importer.
func (i withDeletion) Plan(ctx context.Context, o bulk.Options) (bulk.Plan, error) {
	if o.DeleteAll {
		return bulk.Plan{Shards: 1}, nil // one chain of tasks: each lists what the one before has left
	}

	return i.Importer.Plan(ctx, o)
}

// Import implements bulk.Importer.
func (i withDeletion) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	if w.Options.DeleteAll {
		return i.deletion.start(ctx, w)
	}

	return i.Importer.Import(ctx, w)
}

// Settle implements bulk.Importer.
func (i withDeletion) Settle(ctx context.Context, w bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	if w.Options.DeleteAll {
		return i.deletion.settle(ctx, w, jobs)
	}

	return i.Importer.Settle(ctx, w, jobs)
}

// deletion deletes everything of one kind from Klaviyo's catalog. The records are Klaviyo's.
type deletion struct {
	kl   *klaviyo.Client
	kind klaviyo.JobKind
	// written are the kinds of jobs that create and update the same.
	written []klaviyo.JobKind
	list    func(ctx context.Context, cursor string) (ids []string, next string, err error)
	exist   func(ctx context.Context, ids []string) (map[string]bool, error)
}

// start starts the jobs that delete what Klaviyo lists first. Every task lists from the beginning, for Klaviyo does not say
// what becomes of a cursor when what it has passed is deleted.
func (d deletion) start(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	page := bulk.Page{Cursor: w.Cursor, Settle: true}

	if w.Options.DryRun {
		return d.count(ctx, page)
	}

	ids, err := d.listed(ctx, w)
	if err != nil {
		return page, err
	}

	if len(ids) == 0 {
		// Jobs of an import that was stopped may still bring some. Those that end between the two are listed now.
		if page.Jobs, err = d.bringing(ctx); err == nil && len(page.Jobs) == 0 {
			ids, err = d.listed(ctx, w)
			page.End = len(ids) == 0
		}

		if err != nil || len(ids) == 0 {
			return page, err
		}
	}

	page.Cursor = ids[len(ids)-1]

	jobs, refused, err := d.removal(w).send(ctx, ids, 0)
	if err != nil {
		return page, err
	}

	page.Counts, page.Jobs = bulk.Counts{Read: len(ids), Sent: len(ids)}, jobs
	fail(&page, refused)

	return page, nil
}

// listed returns what to delete next: nothing when there is no more but what could not be deleted.
func (d deletion) listed(ctx context.Context, w bulk.Work) ([]string, error) {
	failed := map[string]bool{}
	for _, id := range w.Failed {
		failed[id] = true
	}

	var ids []string

	most := limited(w, 0, deletedPerTask)

	for cursor, end := "", false; len(ids) < most && !end; {
		some, next, err := d.list(ctx, cursor)
		if err != nil {
			return nil, err
		}

		some = slices.DeleteFunc(some, func(id string) bool { return failed[id] })
		ids, cursor, end = append(ids, some...), next, next == ""
	}

	return ids[:min(most, len(ids))], nil
}

// bringing returns the jobs that create or update what is to be deleted, whoever has started them.
func (d deletion) bringing(ctx context.Context) (jobs []bulk.Job, err error) {
	for _, kind := range d.written {
		ids, err := d.kl.OpenCatalogJobs(ctx, kind)
		if err != nil {
			return nil, err
		}

		for _, id := range ids {
			jobs = append(jobs, bulk.Job{ID: id, Kind: string(kind)})
		}
	}

	return jobs, nil
}

// count counts some pages, and deletes nothing. Here the cursor is Klaviyo's.
func (d deletion) count(ctx context.Context, page bulk.Page) (bulk.Page, error) {
	for page.Read < deletedPerTask && !page.End {
		some, next, err := d.list(ctx, page.Cursor)
		if err != nil {
			return page, err
		}

		page.Read += len(some)
		page.Cursor, page.End = next, next == ""
	}

	page.Sent = page.Read

	return page, nil
}

// settle records what is still there after the jobs. What was not there any more is no failure.
func (d deletion) settle(ctx context.Context, w bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	ended, failed, err := poll(ctx, d.kl, jobs)
	if err != nil || !ended {
		return bulk.Settled{Pending: jobs}, err
	}

	again, failures, err := d.again(ctx, w, failed)

	return settled(jobs, again, failures, 0), err
}

// again deals with rows of ended jobs; those that are gone were to go.
func (d deletion) again(ctx context.Context, w bulk.Work, failed []failedRow) ([]bulk.Job, []bulk.Failure, error) {
	there, err := d.exist(ctx, refsOf(failed))
	if err != nil {
		return nil, nil, err
	}

	return d.removal(w).again(ctx, failed, there)
}

func (d deletion) removal(w bulk.Work) removal {
	return removal{kl: d.kl, kind: d.kind, proceed: w.Proceed, whose: func(id string) string { return id }}
}
