package bulkworker

import (
	"context"
	"errors"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// categoriesPerShard makes one shard of nearly every shop.
const categoriesPerShard = 10_000

// categoryImport imports categories into Klaviyo's catalog. A category comes with its ancestors, so that its breadcrumb needs no
// request of its own.
type categoryImport struct {
	categories reader[commercetools.Category]
	kl         *klaviyo.Client
	shop       mapping.Shop
	// keepDeleted tells that a category stays in the catalog when it is deleted in commercetools.
	keepDeleted bool
}

// newCategoryImport returns the import of categories.
func newCategoryImport(ct *commercetools.Client, kl *klaviyo.Client, shop settings.Shop, cfg settings.Config) *categoryImport {
	return &categoryImport{
		categories: reader[commercetools.Category]{
			ct: ct, endpoint: commercetools.Categories, absent: errors.New("commercetools has no such category"),
			expand:     []string{commercetools.ExpandAncestors},
			idOf:       func(c commercetools.Category) string { return c.ID },
			revisionOf: func(c commercetools.Category) commercetools.Revision { return c.Revision },
		},
		kl: kl, shop: shop.Mapping(), keepDeleted: cfg.Disabled(settings.CategoryResourceDeleted),
	}
}

// Plan implements bulk.Importer. A category may be renamed by realtime before Klaviyo works off a job with the old name.
func (c *categoryImport) Plan(ctx context.Context, o bulk.Options) (bulk.Plan, error) {
	plan, err := c.categories.plan(ctx, o, categoriesPerShard)
	plan.CatchUp = !o.DryRun

	return plan, err
}

// Import implements bulk.Importer: it starts the jobs of one page.
func (c *categoryImport) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	page := bulk.Page{Cursor: w.Cursor, Settle: true}

	read, last, err := c.categories.read(ctx, w, w.Cursor, limited(w, 0, pageSize))
	if err != nil {
		return page, err
	}

	var (
		categories []klaviyo.Category
		ids        []string
	)

	for _, r := range c.categories.changed(w, read) {
		category, err := mapped(r, c.category)
		if count(&page, r, err); err == nil {
			categories, ids = append(categories, category), append(ids, r.id)
		}
	}

	done(&page, read, last)

	if len(ids) == 0 || w.Options.DryRun {
		return page, nil
	}

	exist, err := c.kl.CatalogCategories(ctx, ids)
	if err != nil {
		return page, err
	}

	jobs, failures, err := c.catalog(w).begin(ctx, categories, exist)
	if err != nil {
		return page, err
	}

	fail(&page, failures)
	page.Jobs = jobs

	return page, nil
}

func (c *categoryImport) category(category commercetools.Category) (klaviyo.Category, error) {
	return mapping.Category(category, c.shop), nil
}

func (c *categoryImport) catalog(w bulk.Work) catalog[klaviyo.Category] {
	return catalog[klaviyo.Category]{
		create: klaviyo.CreateCategories, update: klaviyo.UpdateCategories,
		idOf:  func(category klaviyo.Category) string { return category.ExternalID },
		start: c.kl.StartCategories, exist: c.kl.CatalogCategories, proceed: w.Proceed,
		load: func(ctx context.Context, ids []string) ([]record[klaviyo.Category], error) {
			return load(ctx, &c.categories, ids, c.category)
		},
		whose: func(id string) string { return id },
		what:  "category",
	}
}

func (c *categoryImport) deletion() deletion {
	return deletion{
		kl: c.kl, kind: klaviyo.DeleteCategories, written: []klaviyo.JobKind{klaviyo.CreateCategories, klaviyo.UpdateCategories},
		list: c.kl.CategoryIDs, exist: c.kl.CatalogCategories,
	}
}
