package bulkworker

import (
	"context"
	"errors"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// variantPage is the variants of the products of one page, as commercetools has them now.
type variantPage struct {
	// published are the products that still are, and mapped those of them whose variants are here.
	published, mapped map[string]bool
	variants          []klaviyo.Variant
	// owner has the product of each variant.
	owner map[string]string
}

// page reads again what Import has read last.
func (p *productImport) page(ctx context.Context, w bulk.Work, prices pricesBySKU) (variantPage, error) {
	page := variantPage{published: map[string]bool{}, mapped: map[string]bool{}, owner: map[string]string{}}

	for cursor, last := w.From, false; !last && cursor < w.Cursor; {
		read, end, err := p.products.read(ctx, w, cursor, pageSize)
		if err != nil {
			return page, err
		}

		entries, err := p.entries(ctx, read, prices)
		if err != nil {
			return page, err
		}

		last = end

		for _, e := range entries {
			if cursor = e.id; cursor > w.Cursor {
				break
			}

			if !errors.Is(e.err, p.products.absent) {
				page.add(e)
			}
		}
	}

	return page, nil
}

func (v *variantPage) add(e record[entry]) {
	v.published[e.id] = true

	if e.err != nil {
		return
	}

	v.mapped[e.id] = true

	for _, one := range e.value.variants {
		if v.owner[one.ExternalID] == "" { // an id is unique, unless a variant moves while we read
			v.owner[one.ExternalID] = e.id
			v.variants = append(v.variants, one)
		}
	}
}

// only takes out the variants of other items than those that jobs have brought into the catalog. It returns which of these
// were known before, and which are of products that are no longer published.
func (v *variantPage) only(items []bulk.Job) (known, unpublished []string) {
	there := map[string]bool{}

	for _, job := range items {
		if !aboutItems(job) {
			continue
		}

		if job.Kind == string(klaviyo.UpdateItems) {
			known = append(known, job.Refs...)
		}

		for _, id := range job.Refs {
			there[id] = true

			if !v.published[id] {
				unpublished = append(unpublished, id)
			}
		}
	}

	v.variants = slices.DeleteFunc(v.variants, func(one klaviyo.Variant) bool { return !there[one.ItemID] })

	return known, unpublished
}

// some are those with these ids.
func (v *variantPage) some(ids []string) (some []klaviyo.Variant) {
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}

	for _, one := range v.variants {
		if wanted[one.ExternalID] {
			some = append(some, one)
		}
	}

	return some
}

// moved sorts variants that were to be deleted elsewhere into those that can be created now, and those that can't yet.
func (v *variantPage) moved(moving []string, state catalogState) (free []klaviyo.Variant, blocked []string) {
	for _, one := range v.some(moving) {
		switch id := one.ExternalID; {
		case state.surplus[id] != "":
			blocked = append(blocked, id)
		case state.items[one.ItemID] && !state.exist[id]:
			free = append(free, one)
		}
	}

	return free, blocked
}

// catalogState is what Klaviyo has of some items.
type catalogState struct {
	items map[string]bool
	// exist are the variants that are where they belong, surplus has the others and the items that they are under.
	exist   map[string]bool
	surplus map[string]string
}

// stateOf finds out how items of a page stand.
func (p *productImport) stateOf(ctx context.Context, page variantPage, items []string) (catalogState, error) {
	found, err := p.kl.CatalogItems(ctx, items, true)
	state := catalogState{items: map[string]bool{}, exist: map[string]bool{}, surplus: map[string]string{}}

	for item, ids := range found {
		state.items[item] = true

		for _, id := range ids {
			if page.owner[id] == item {
				state.exist[id] = true
			} else if page.mapped[item] {
				state.surplus[id] = item
			}
		}
	}

	return state, err
}

func (s catalogState) surplusIDs() map[string]bool {
	ids := map[string]bool{}
	for id := range s.surplus {
		ids[id] = true
	}

	return ids
}
