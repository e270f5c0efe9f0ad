package bulkworker

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// Settle implements bulk.Importer. When the jobs of the items have ended it starts those of their variants, and waits for
// them as well.
func (p *productImport) Settle(ctx context.Context, w bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	if !p.pace.due(jobs) {
		return bulk.Settled{Pending: jobs}, nil
	}

	ended, failed, err := poll(ctx, p.kl, jobs)
	if err != nil || !ended {
		return bulk.Settled{Pending: jobs}, err
	}

	p.pace.ended(jobs)

	next := p.settleVariants
	if slices.ContainsFunc(jobs, aboutItems) {
		next = p.settleItems
	}

	return next(ctx, w, jobs, failed)
}

func aboutItems(job bulk.Job) bool {
	return job.Kind == string(klaviyo.CreateItems) || job.Kind == string(klaviyo.UpdateItems)
}

func (p *productImport) settleItems(ctx context.Context, w bulk.Work, jobs []bulk.Job, failed []failedRow) (bulk.Settled, error) {
	again, failures, gone, err := p.itemCatalog(w).again(ctx, failed)
	if err != nil {
		return bulk.Settled{}, err
	}

	if failures, err = p.explained(ctx, failures); err != nil {
		return bulk.Settled{}, err
	}

	if len(again) > 0 {
		return settled(jobs, slices.Concat(jobs, again), failures, gone), nil
	}

	pending, refused, err := p.startVariants(ctx, w, jobs)

	return settled(jobs, pending, append(failures, refused...), gone), err
}

// startVariants starts the jobs for the variants of those items that are there, and for those variants to go that
// commercetools no longer has. A variant that has moved from one item to another is deleted first: Klaviyo can't move it.
func (p *productImport) startVariants(ctx context.Context, w bulk.Work, items []bulk.Job) ([]bulk.Job, []bulk.Failure, error) {
	now := time.Now()

	page, err := p.page(ctx, w, p.prices.take(w.Cursor))
	if err != nil {
		return nil, nil, err
	}

	known, unpublished := page.only(items)

	state, err := p.stateOf(ctx, page, known)
	if err != nil {
		return nil, nil, err
	}

	if p.keepUnpublished {
		unpublished = nil
	}

	var here []klaviyo.Variant

	var moving []string

	for _, v := range page.variants {
		if state.surplus[v.ExternalID] == "" {
			here = append(here, v)
		} else {
			moving = append(moving, v.ExternalID)
		}
	}

	pending, failures, err := inTurn(
		func() ([]bulk.Job, []bulk.Failure, error) {
			return p.variantCatalog(w, page, state).begin(ctx, here, state.exist)
		},
		func() ([]bulk.Job, []bulk.Failure, error) {
			return p.variantRemoval(w, page, state).send(ctx, slices.Collect(maps.Keys(state.surplus)), 0)
		},
		// Realtime takes them away as well, but perhaps before a job has brought them back.
		func() ([]bulk.Job, []bulk.Failure, error) { return p.deletion().removal(w).send(ctx, unpublished, 0) },
	)

	return withStart(withStock(withMoving(pending, moving), now)), failures, err
}

// settleVariants deals with variants that Klaviyo could not create, update or delete, and creates those that have moved. At the
// end come the stocks that have changed meanwhile.
func (p *productImport) settleVariants(ctx context.Context, w bulk.Work, jobs []bulk.Job, failed []failedRow) (bulk.Settled, error) {
	moving := noted(jobs, noteMoving)
	if len(failed) == 0 && len(moving) == 0 {
		return bulk.Settled{}, p.mendStock(ctx, w, jobs)
	}

	page, err := p.page(ctx, w, pricesBySKU{})
	if err != nil {
		return bulk.Settled{}, err
	}

	state, err := p.stateOf(ctx, page, slices.Sorted(maps.Keys(page.published)))
	if err != nil {
		return bulk.Settled{}, err
	}

	rows := sortedRows(failed, page, state)
	variants, removal := p.variantCatalog(w, page, state), p.variantRemoval(w, page, state)
	free, blocked := page.moved(moving, state)

	pending, failures, err := inTurn(
		func() ([]bulk.Job, []bulk.Failure, error) {
			jobs, failures, _, err := variants.again(ctx, rows.written) // a variant is no record of its own

			return jobs, failures, err
		},
		func() ([]bulk.Job, []bulk.Failure, error) {
			return removal.again(ctx, rows.variants, state.surplusIDs())
		},
		func() ([]bulk.Job, []bulk.Failure, error) { return p.deletion().again(ctx, w, rows.items) },
		func() ([]bulk.Job, []bulk.Failure, error) { return removal.send(ctx, rows.taken, 1) },
		func() ([]bulk.Job, []bulk.Failure, error) {
			return variants.send(ctx, manner{kind: klaviyo.CreateVariants, try: 1}, free)
		},
	)
	if err != nil {
		return bulk.Settled{}, err
	}

	if len(pending) == 0 {
		return settled(jobs, nil, failures, 0), p.mendStock(ctx, w, jobs)
	}

	for _, job := range jobs {
		if aboutStock(job) {
			pending = append(pending, job)
		}
	}

	return settled(jobs, withMoving(pending, slices.Concat(blocked, rows.taken)), failures, 0), nil
}

// inTurn starts jobs one kind after the other.
func inTurn(steps ...func() ([]bulk.Job, []bulk.Failure, error)) (jobs []bulk.Job, failures []bulk.Failure, err error) {
	for _, step := range steps {
		started, refused, err := step()
		if err != nil {
			return nil, nil, err
		}

		jobs, failures = append(jobs, started...), append(failures, refused...)
	}

	return jobs, failures, nil
}

func withMoving(jobs []bulk.Job, moving []string) []bulk.Job {
	if len(jobs) > 0 && len(moving) > 0 {
		jobs = append(jobs, note(noteMoving, moving))
	}

	return jobs
}

// failedRows are rows by what is to be done about them.
type failedRows struct {
	// written are to be created or updated; variants and items are to be deleted.
	written, variants, items []failedRow
	// taken are variants whose id is perhaps that of a variant of another item: that one is deleted, as realtime does.
	taken []string
}

func sortedRows(failed []failedRow, page variantPage, state catalogState) (rows failedRows) {
	for _, f := range failed {
		switch {
		case f.job.Kind == string(klaviyo.DeleteItems):
			rows.items = append(rows.items, f)
		case f.job.Kind == string(klaviyo.DeleteVariants):
			rows.variants = append(rows.variants, f)
		case page.owner[f.ref] == "": // by now commercetools no longer has it
		case f.job.Kind == string(klaviyo.CreateVariants) && !state.exist[f.ref] && f.why.Code != "" && f.job.Try == 0:
			rows.taken = append(rows.taken, f.ref)
		default:
			rows.written = append(rows.written, f)
		}
	}

	return rows
}

func (p *productImport) variantCatalog(w bulk.Work, page variantPage, state catalogState) catalog[klaviyo.Variant] {
	return catalog[klaviyo.Variant]{
		create: klaviyo.CreateVariants, update: klaviyo.UpdateVariants,
		idOf:  func(v klaviyo.Variant) string { return v.ExternalID },
		start: p.kl.StartVariants, proceed: w.Proceed,
		exist: func(context.Context, []string) (map[string]bool, error) { return state.exist, nil },
		load: func(_ context.Context, ids []string) (rows []record[klaviyo.Variant], err error) {
			for _, v := range page.some(ids) {
				rows = append(rows, record[klaviyo.Variant]{id: v.ExternalID, value: v})
			}

			return rows, nil
		},
		whose: func(id string) string { return page.owner[id] },
		what:  "variant",
	}
}

// variantRemoval deletes variants. One that can't be deleted is a failure of the product that it is under, or in the way of.
func (p *productImport) variantRemoval(w bulk.Work, page variantPage, state catalogState) removal {
	return removal{
		kl: p.kl, kind: klaviyo.DeleteVariants, proceed: w.Proceed,
		whose: func(id string) string { return cmp.Or(state.surplus[id], page.owner[id], "variant "+id) },
	}
}
