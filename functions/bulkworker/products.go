package bulkworker

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

const (
	// productsPerTask is how many products are dealt with at once: many, since each time their jobs have to be waited for, and
	// whole jobs of 100.
	productsPerTask = 1_300
	// variantsPerTask bounds the jobs that a shard watches, whose rows stand in its document: Firestore's is 1 MiB.
	variantsPerTask  = 4_000
	productsPerShard = 4_000
	// maxProductShards keeps within the 500 jobs of one kind that Klaviyo lets be in progress: each shard has up to 40, those of
	// 4,000 variants. The jobs of more shards would throw each other out, and begin again and again.
	maxProductShards = 12
)

// productImport imports published products into Klaviyo's catalog: the items of a page first, and when their jobs have ended the
// variants. Variants that commercetools no longer has are deleted.
type productImport struct {
	products  reader[commercetools.Product]
	inventory reader[commercetools.InventoryEntry]
	ct        *commercetools.Client
	kl        *klaviyo.Client
	shop      mapping.Shop
	cfg       mapping.ProductConfig
	// keepUnpublished tells that an item stays when its product is no longer published.
	keepUnpublished bool
	prices          keptPrices
	pace            pace
}

// newProductImport returns the import of products.
func newProductImport(ct *commercetools.Client, kl *klaviyo.Client, shop settings.Shop, cfg settings.Config) *productImport {
	return &productImport{
		products: reader[commercetools.Product]{
			ct: ct, endpoint: commercetools.ProductProjections, absent: errors.New("commercetools has no such published product"),
			expand:     []string{commercetools.ExpandCategoryAncestors},
			idOf:       func(p commercetools.Product) string { return p.ID },
			revisionOf: func(p commercetools.Product) commercetools.Revision { return p.Revision },
		},
		inventory: reader[commercetools.InventoryEntry]{
			ct: ct, endpoint: commercetools.Inventory, idOf: func(e commercetools.InventoryEntry) string { return e.ID },
		},
		ct: ct, kl: kl, shop: shop.Mapping(), cfg: cfg.Product.Mapping(),
		keepUnpublished: cfg.Disabled(settings.ProductUnpublished),
	}
}

// Plan implements bulk.Importer. A price may be changed by realtime before Klaviyo works off a job with the old one.
func (p *productImport) Plan(ctx context.Context, o bulk.Options) (bulk.Plan, error) {
	plan, err := p.products.plan(ctx, o, productsPerShard)
	plan.Shards = min(plan.Shards, maxProductShards)
	plan.CatchUp = !o.DryRun

	return plan, err
}

// entry is a product as the catalog has it.
type entry struct {
	item     klaviyo.Item
	variants []klaviyo.Variant
}

// Import implements bulk.Importer: it starts the jobs for the items.
func (p *productImport) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	page := bulk.Page{Cursor: w.Cursor, Settle: true}

	prices := pricesBySKU{}

	items, err := p.items(ctx, w, &page, prices)
	if err != nil {
		return page, err
	}

	p.prices.put(page.Cursor, prices)

	if len(items) == 0 || w.Options.DryRun {
		return page, nil
	}

	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.ExternalID
	}

	exist, err := p.sampled(ctx, ids)
	if err != nil {
		return page, err
	}

	jobs, failures, err := p.itemCatalog(w).begin(ctx, items, exist)
	if err != nil {
		return page, err
	}

	if failures, err = p.explained(ctx, failures); err != nil {
		return page, err
	}

	fail(&page, failures)
	page.Jobs = withStart(jobs)

	return page, nil
}

// items reads and counts the products of one task, and returns their items.
func (p *productImport) items(ctx context.Context, w bulk.Work, page *bulk.Page, prices pricesBySKU) ([]klaviyo.Item, error) {
	var (
		items          []klaviyo.Item
		seen, variants int
	)

	for !page.End && variants <= variantsPerTask && room(w, seen) > 0 {
		read, last, err := p.products.read(ctx, w, page.Cursor, room(w, seen))
		if err != nil {
			return nil, err
		}

		fitting := fitting(read, &variants, seen > 0)
		seen += len(fitting)
		entries, err := p.entries(ctx, p.products.changed(w, fitting), prices)

		for _, e := range entries {
			if count(page, e, e.err); e.err == nil {
				items = append(items, e.value.item)
			}
		}

		done(page, fitting, last && len(fitting) == len(read))

		if err != nil {
			return nil, err // as far as they were read, in case they are to be given up
		}
	}

	return items, nil
}

// room is how many products to read next, when a task has read so many.
func room(w bulk.Work, read int) int {
	return limited(w, read, min(pageSize, productsPerTask-read))
}

// fitting are the first of the products that a task still has room for, left out or not: settling reads all of them again. One
// product always fits into an empty task.
func fitting(products []record[commercetools.Product], variants *int, some bool) []record[commercetools.Product] {
	for i, r := range products {
		if *variants += len(r.value.AllVariants()); *variants > variantsPerTask && (some || i > 0) {
			return products[:i]
		}
	}

	return products
}

// entries maps products. It adds to prices the standalone prices that are not there yet, of all products in one go.
func (p *productImport) entries(
	ctx context.Context, products []record[commercetools.Product], prices pricesBySKU,
) ([]record[entry], error) {
	if err := p.addPrices(ctx, products, prices); err != nil {
		return nil, err
	}

	now := time.Now()
	entries := make([]record[entry], len(products))

	for i, r := range products {
		e, err := mapped(r, func(product commercetools.Product) (entry, error) {
			var standalone []commercetools.StandalonePrice
			for _, sku := range standaloneSKUs(product) {
				standalone = append(standalone, prices[sku]...)
			}

			item, variants, err := mapping.Product(product, standalone, p.shop, p.cfg, now)

			return entry{item, variants}, err
		})
		entries[i] = record[entry]{id: r.id, value: e, err: err, state: r.state}
	}

	return entries, nil
}

func (p *productImport) addPrices(ctx context.Context, products []record[commercetools.Product], prices pricesBySKU) error {
	var missing []string

	for _, r := range products {
		for _, sku := range standaloneSKUs(r.value) {
			if _, known := prices[sku]; !known {
				prices[sku] = nil
				missing = append(missing, sku)
			}
		}
	}

	found, err := p.ct.StandalonePrices(ctx, missing...)
	for _, price := range found {
		prices[price.SKU] = append(prices[price.SKU], price)
	}

	return err
}

// standaloneSKUs are the SKUs of a product that has its prices apart.
func standaloneSKUs(p commercetools.Product) []string {
	if p.PriceMode != commercetools.PriceModeStandalone {
		return nil
	}

	var skus []string
	for _, v := range p.AllVariants() {
		skus = append(skus, v.SKU)
	}

	return skus
}

func (p *productImport) itemCatalog(w bulk.Work) catalog[klaviyo.Item] {
	return catalog[klaviyo.Item]{
		create: klaviyo.CreateItems, update: klaviyo.UpdateItems,
		idOf:  func(item klaviyo.Item) string { return item.ExternalID },
		start: p.kl.StartItems, exist: p.existing, proceed: w.Proceed,
		load: func(ctx context.Context, ids []string) ([]record[klaviyo.Item], error) {
			entries, err := p.byID(ctx, ids)
			items := make([]record[klaviyo.Item], len(entries))

			for i, e := range entries {
				items[i] = record[klaviyo.Item]{id: e.id, value: e.value.item, err: e.err}
			}

			return items, err
		},
		whose: func(id string) string { return id },
		what:  "product",
	}
}

// byID returns the products with these ids, in any number; one that is no longer published is missing.
func (p *productImport) byID(ctx context.Context, ids []string) ([]record[entry], error) {
	var all []record[entry]

	err := p.products.each(ctx, ids, func(some []record[commercetools.Product]) error {
		entries, err := p.entries(ctx, some, pricesBySKU{})

		for _, e := range entries {
			if !errors.Is(e.err, p.products.absent) {
				all = append(all, e)
			}
		}

		return err
	})

	return all, err
}

// explained says of products that Klaviyo refused whether that is because their categories are not there.
func (p *productImport) explained(ctx context.Context, failures []bulk.Failure) ([]bulk.Failure, error) {
	ids := make([]string, len(failures))
	for i, f := range failures {
		ids[i] = f.ID
	}

	entries, err := p.byID(ctx, ids)
	if err != nil {
		return nil, err
	}

	categories := map[string][]string{}

	var all []string

	for _, e := range entries {
		categories[e.id] = e.value.item.CategoryIDs
		all = append(all, e.value.item.CategoryIDs...)
	}

	exist, err := p.kl.CatalogCategories(ctx, slices.Compact(slices.Sorted(slices.Values(all))))
	if err != nil {
		return nil, err
	}

	for i, f := range failures {
		absent := slices.IndexFunc(categories[f.ID], func(id string) bool { return !exist[id] })
		if absent >= 0 {
			failures[i].Reason = "its category " + categories[f.ID][absent] +
				" is not in Klaviyo yet: run the import of categories first, then this one again"
		}
	}

	return failures, nil
}

func (p *productImport) deletion() deletion {
	return deletion{
		kl: p.kl, kind: klaviyo.DeleteItems, written: []klaviyo.JobKind{klaviyo.CreateItems, klaviyo.UpdateItems},
		list: p.kl.ItemIDs, exist: p.existing,
	}
}
