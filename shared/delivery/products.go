package delivery

import (
	"context"
	"log/slog"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// ProductsOf fetches the products of an order that are still there, and notes how many are not.
func ProductsOf(ctx context.Context, ct *commercetools.Client, o commercetools.Order) ([]commercetools.Product, error) {
	ids := o.ProductIDs()

	products, err := ct.ProductsByID(ctx, ids...)
	if missing := len(ids) - len(products); err == nil && missing > 0 {
		Note(ctx, slog.Int("products_missing", missing))
	}

	return products, err
}
