package delivery

import (
	"context"
	"log/slog"
	"slices"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// productsAtOnce is how many products are fetched at a time. Most orders have fewer. Whole, as they come, products of 100 KB
// make an answer of 2.5 MB.
const productsAtOnce = 25

// ProductsOf fetches the products of an order that are still there, and notes how many are not.
func ProductsOf(ctx context.Context, ct *commercetools.Client, o commercetools.Order) ([]commercetools.Product, error) {
	var products []commercetools.Product

	ids := o.ProductIDs()

	for some := range slices.Chunk(ids, productsAtOnce) {
		found, err := ct.ProductsByID(ctx, some...)
		if err != nil {
			return nil, err
		}

		products = append(products, found...)
	}

	if missing := len(ids) - len(products); missing > 0 {
		Note(ctx, slog.Int("products_missing", missing))
	}

	return products, nil
}
