package bulktest

import (
	"cmp"
	"context"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// inSteps takes several shards, and several tasks in each, for a shop that one task would do.
type inSteps struct {
	bulk.Importer

	shards, step int
}

// InSteps has importers take so many shards, and tasks of so many resources.
func InSteps(all map[bulk.Resource]bulk.Importer, shards, step int) map[bulk.Resource]bulk.Importer {
	for resource, importer := range all {
		all[resource] = inSteps{importer, shards, step}
	}

	return all
}

// Plan implements bulk.Importer.
func (i inSteps) Plan(ctx context.Context, o bulk.Options) (bulk.Plan, error) {
	plan, err := i.Importer.Plan(ctx, o)
	if !o.DeleteAll { // whose cursor is Klaviyo's, and can't be cut
		plan.Shards = i.shards
	}

	return plan, err
}

// Import implements bulk.Importer.
func (i inSteps) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	w.Limit = cmp.Or(w.Limit, i.step)

	return i.Importer.Import(ctx, w)
}
