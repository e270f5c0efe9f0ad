package bulkworker

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/settings"
)

const (
	// ordersPerPage bounds a task's memory: an order of three lines is 27 KB. It makes some three of Klaviyo's requests.
	ordersPerPage = 250
	// ordersPerShard keeps each shard busy for some tasks.
	ordersPerShard = 2_000
)

// orderImport imports orders as the events that realtime messages would have made of them, with the same unique ids, so that an
// event that is there already is not recorded again.
type orderImport struct {
	orders   reader[commercetools.Order]
	products *lookup
	kl       *klaviyo.Client
	history  history
}

// newOrderImport returns the import of orders.
func newOrderImport(ct *commercetools.Client, kl *klaviyo.Client, shop settings.Shop, cfg settings.Config) *orderImport {
	return &orderImport{
		orders: reader[commercetools.Order]{
			ct: ct, endpoint: commercetools.Orders, absent: errors.New("commercetools has no such order"),
			expand: []string{commercetools.ExpandDiscountCodes, commercetools.ExpandPayments},
			idOf:   func(o commercetools.Order) string { return o.ID },
		},
		products: newLookup(ct),
		kl:       kl,
		history:  history{shop: shop.Mapping(), order: cfg.Order.Mapping(), cfg: cfg},
	}
}

// Plan implements bulk.Importer. There is nothing to catch up with: the events of a change come by realtime, and none
// overwrites another.
func (o *orderImport) Plan(ctx context.Context, options bulk.Options) (bulk.Plan, error) {
	return o.orders.plan(ctx, options, ordersPerShard)
}

// Settle implements bulk.Importer. Klaviyo has no jobs for events that could be asked for.
func (o *orderImport) Settle(context.Context, bulk.Work, []bulk.Job) (bulk.Settled, error) {
	return bulk.Settled{}, nil
}

// Import implements bulk.Importer: one page of orders, in as many requests as their events take.
func (o *orderImport) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	page := bulk.Page{Cursor: w.Cursor}

	orders, last, err := o.orders.read(ctx, w, w.Cursor, limited(w, 0, ordersPerPage))
	if err != nil || len(orders) == 0 {
		page.End = last

		return page, err
	}

	// As far as they were read, in case they are to be given up.
	read := bulk.Page{Cursor: orders[len(orders)-1].id, End: last}

	known, err := o.products.of(ctx, orders)
	if err != nil {
		return read, err
	}

	sender := eventSender{kl: o.kl, proceed: w.Proceed, dryRun: w.Options.DryRun}

	for _, r := range orders {
		events, err := mapped(r, func(order commercetools.Order) ([]klaviyo.Event, error) { return o.history.events(order, known) })
		count(&page, r, err)

		if err := sender.add(ctx, r.id, events); err != nil {
			return read, err
		}
	}

	if err := sender.flush(ctx); err != nil {
		return read, err
	}

	page.End = last
	fail(&page, slices.Collect(maps.Values(sender.refused)))

	return page, nil
}
