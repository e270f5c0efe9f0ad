package bulkworker

import (
	"context"
	"maps"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// Settle implements bulk.Importer. When the jobs of the items have ended it starts those of their variants, and waits for
// them as well.
func (p *Products) Settle(ctx context.Context, w bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	if w.Options.DeleteAll {
		return p.deletion().Settle(ctx, jobs)
	}

	ended, failed, err := poll(ctx, p.kl, jobs)
	if err != nil || !ended {
		return bulk.Settled{Pending: jobs}, judged(err)
	}

	// From here on something is written to Klaviyo, unless all variants are there.
	if err := w.Proceed(ctx); err != nil {
		return bulk.Settled{}, err
	}

	if slices.ContainsFunc(jobs, aboutItems) {
		pending, failures, err := p.settleItems(ctx, w, jobs, failed)

		return settled(pending, failures), judged(err)
	}

	pending, failures, err := p.settleVariants(ctx, w, failed)

	return settled(pending, failures), judged(err)
}

func aboutItems(job bulk.Job) bool {
	return job.Kind == string(klaviyo.CreateItems) || job.Kind == string(klaviyo.UpdateItems)
}

func (p *Products) settleItems(
	ctx context.Context, w bulk.Work, jobs []bulk.Job, failed []failedRow,
) (pending []bulk.Job, failures []bulk.Failure, err error) {
	again, failures, err := p.itemCatalog().again(ctx, failed)
	if err != nil {
		return nil, nil, err
	}

	if failures, err = p.explained(ctx, failures); err != nil {
		return nil, nil, err
	}

	if len(again) > 0 {
		return append(jobs, again...), failures, nil
	}

	pending, refused, err := p.startVariants(ctx, w, jobs)

	return pending, append(failures, refused...), err
}

// startVariants starts the jobs for the variants of those items that are there, and for those variants to go that
// commercetools no longer has.
func (p *Products) startVariants(ctx context.Context, w bulk.Work, items []bulk.Job) ([]bulk.Job, []bulk.Failure, error) {
	page, err := p.keptPage(ctx, w)
	if err != nil {
		return nil, nil, err
	}

	page.only(items)

	exist, gone, err := p.variantsBefore(ctx, page, items)
	if err != nil {
		return nil, nil, err
	}

	jobs, failures, err := p.variantCatalog(page, exist).begin(ctx, page.variants, exist)
	if err != nil {
		return nil, nil, err
	}

	removed, refused, err := p.kl.StartDeletions(ctx, klaviyo.DeleteVariants, gone)
	for _, r := range refused {
		failures = append(failures, failure("variant "+r.Ref, "Klaviyo refused to delete it", r.Code, r.Pointer))
	}

	return append(jobs, jobsOf(klaviyo.DeleteVariants, removed, 0)...), failures, err
}

// variantsBefore finds out which variants the items have, and which of them commercetools no longer has. New items have none.
func (p *Products) variantsBefore(
	ctx context.Context, page variantPage, items []bulk.Job,
) (exist map[string]bool, gone []string, err error) {
	var updated []string

	for _, job := range items {
		if job.Kind == string(klaviyo.UpdateItems) {
			updated = append(updated, job.Refs...)
		}
	}

	before, err := p.kl.CatalogItems(ctx, updated, true)
	exist = map[string]bool{}

	for item, ids := range before {
		for _, id := range ids {
			if _, still := page.owner[id]; still {
				exist[id] = true
			} else if page.products[item] { // else the product was unpublished this moment, and realtime takes it away
				gone = append(gone, id)
			}
		}
	}

	return exist, gone, err
}

// settleVariants deals with variants that Klaviyo could not create, update or delete.
func (p *Products) settleVariants(
	ctx context.Context, w bulk.Work, failed []failedRow,
) (pending []bulk.Job, failures []bulk.Failure, err error) {
	if len(failed) == 0 {
		return nil, nil, nil
	}

	page, err := p.page(ctx, w)
	if err != nil {
		return nil, nil, err
	}

	before, err := p.kl.CatalogItems(ctx, slices.Collect(maps.Keys(page.products)), true)
	if err != nil {
		return nil, nil, err
	}

	exist := map[string]bool{}

	for _, ids := range before {
		for _, id := range ids {
			exist[id] = true
		}
	}

	var rest []failedRow

	for _, f := range failed {
		switch {
		case f.job.Kind != string(klaviyo.DeleteVariants):
			rest = append(rest, f)
		case exist[f.ref]: // else it is gone, and that was the aim
			failures = append(failures, failure("variant "+f.ref, "Klaviyo could not delete it", f.why.Code, f.why.Pointer))
		}
	}

	pending, more, err := p.variantCatalog(page, exist).again(ctx, rest)

	return pending, append(failures, more...), err
}

func (p *Products) variantCatalog(page variantPage, exist map[string]bool) catalog[klaviyo.Variant] {
	return catalog[klaviyo.Variant]{
		create: klaviyo.CreateVariants, update: klaviyo.UpdateVariants,
		idOf:  func(v klaviyo.Variant) string { return v.ExternalID },
		start: p.kl.StartVariants,
		exist: func(context.Context, []string) (map[string]bool, error) { return exist, nil },
		load: func(_ context.Context, ids []string) ([]klaviyo.Variant, error) {
			return slices.DeleteFunc(slices.Clone(page.variants), func(v klaviyo.Variant) bool {
				return !slices.Contains(ids, v.ExternalID)
			}), nil
		},
		whose: func(id string) string {
			if product, ok := page.owner[id]; ok {
				return product
			}

			return "variant " + id
		},
		what: "variant",
	}
}

// variantPage is the variants of some products.
type variantPage struct {
	products map[string]bool
	variants []klaviyo.Variant
	// owner has the product of each variant.
	owner map[string]string
}

func newVariantPage() variantPage {
	return variantPage{products: map[string]bool{}, owner: map[string]string{}}
}

// only takes out the variants of other items than those that jobs have brought into the catalog.
func (v *variantPage) only(items []bulk.Job) {
	there := map[string]bool{}

	for _, job := range items {
		for _, id := range job.Refs {
			there[id] = true
		}
	}

	v.variants = slices.DeleteFunc(v.variants, func(one klaviyo.Variant) bool { return !there[one.ItemID] })
}

// add adds the variants of a product.
func (v *variantPage) add(e entry) {
	v.products[e.item.ExternalID] = true
	v.variants = append(v.variants, e.variants...)

	for _, one := range e.variants {
		v.owner[one.ExternalID] = e.item.ExternalID
	}
}

// keptPage returns what Import has read last: as it was then, if this instance has it still, else as it is now.
func (p *Products) keptPage(ctx context.Context, w bulk.Work) (variantPage, error) {
	entries, ok := p.kept.take(w.Cursor)
	if !ok {
		return p.page(ctx, w)
	}

	page := newVariantPage()
	for _, e := range entries {
		page.add(e)
	}

	return page, nil
}

// page reads again what Import has read last, as it is now.
func (p *Products) page(ctx context.Context, w bulk.Work) (variantPage, error) {
	page := newVariantPage()

	for cursor, last := w.From, false; !last && cursor < w.Cursor; {
		read, end, err := p.products.read(ctx, w, cursor, pageSize)
		if err != nil {
			return page, err
		}

		entries, err := p.entries(ctx, read)
		if err != nil {
			return page, err
		}

		last = end

		for _, e := range entries {
			if cursor = e.id; cursor > w.Cursor {
				break
			}

			if e.err == nil {
				page.add(e.value)
			}
		}
	}

	return page, nil
}

func (p *Products) deletion() deletion { return deletion{p.kl, klaviyo.DeleteItems, p.kl.ItemIDs} }
