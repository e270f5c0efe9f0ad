package bulkworker

import (
	"context"
	"errors"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/settings"
)

const (
	// ordersPerPage is about what makes Klaviyo's 1,000 events or 5 MB: an order of three lines is 27 KB and four events.
	ordersPerPage = 250
	// ordersPerShard is about eight of Klaviyo's batches.
	ordersPerShard = 2_000
	// maxOrders bounds what one task reads, for orders that make no event.
	maxOrders = 1_000
)

// Orders imports orders as the events that realtime messages would have made of them, with the same unique ids, so that an
// event that is there already is not recorded again.
type Orders struct {
	orders   reader[commercetools.Order]
	products *lookup
	kl       *klaviyo.Client
	history  history
}

// NewOrders returns the import of orders.
func NewOrders(ct *commercetools.Client, kl *klaviyo.Client, shop settings.Shop, cfg settings.Config) *Orders {
	return &Orders{
		orders: reader[commercetools.Order]{
			ct: ct, endpoint: commercetools.Orders, absent: errors.New("commercetools has no such order"),
			expand: []string{commercetools.ExpandDiscountCodes, commercetools.ExpandPayments},
			idOf:   func(o commercetools.Order) string { return o.ID },
		},
		products: &lookup{ct: ct},
		kl:       kl,
		history:  history{shop: shop.Mapping(), order: cfg.Order.Mapping(), cfg: cfg},
	}
}

// Plan implements bulk.Importer. There is nothing to catch up with: the events of a change come by realtime, and none
// overwrites another.
func (o *Orders) Plan(ctx context.Context, options bulk.Options) (bulk.Plan, error) {
	plan, err := o.orders.plan(ctx, options, ordersPerShard)

	return plan, judged(err)
}

// Settle implements bulk.Importer. Klaviyo has no jobs for events that could be asked for.
func (o *Orders) Settle(context.Context, bulk.Work, []bulk.Job) (bulk.Settled, error) {
	return bulk.Settled{}, nil
}

// Import implements bulk.Importer.
func (o *Orders) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	page := bulk.Page{Cursor: w.Cursor}

	var batch eventBatch

	for full := false; !full && !page.End && page.Read < maxOrders && limited(w, page.Read, ordersPerPage) > 0; {
		orders, last, err := o.orders.read(ctx, w, page.Cursor, limited(w, page.Read, ordersPerPage))
		if err != nil {
			return page, judged(err)
		}

		known, err := o.products.of(ctx, orders)
		if err != nil {
			page.Cursor = orders[len(orders)-1].id // as far as they were read, in case they are to be given up

			return page, judged(err)
		}

		full = o.fill(&batch, orders, known, &page)
		page.End = last && !full
	}

	if page.Sent == 0 || w.Options.DryRun {
		return page, nil
	}

	if err := w.Proceed(ctx); err != nil {
		return page, err
	}

	failures, err := batch.send(ctx, o.kl)
	if err != nil {
		return page, judged(err)
	}

	page.Failures = append(page.Failures, failures...)
	page.Failed += len(failures)
	page.Sent -= len(failures)

	return page, nil
}

// fill puts the events of orders into the batch, and counts the orders. It stops before the first that no longer fits.
func (o *Orders) fill(
	batch *eventBatch, orders []record[commercetools.Order], known map[string]commercetools.Product, page *bulk.Page,
) (full bool) {
	for _, r := range orders {
		events, err := mapped(r, func(order commercetools.Order) ([]klaviyo.Event, error) { return o.history.events(order, known) })
		if err == nil {
			err = batch.add(r.id, events)
		}

		if errors.Is(err, klaviyo.ErrBatchFull) {
			return true
		}

		count(page, r.id, err)
	}

	return false
}
