package bulkworker

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

const (
	// rememberFor is how long a product is taken to be as it was.
	rememberFor = 10 * time.Minute
	// remembered is how many products are kept; each takes some 2 KB.
	remembered = 20_000
)

// lookup finds the products of orders. It remembers them, since most orders are about the same ones, and for a while only,
// since a function's instance may live for days.
type lookup struct {
	ct *commercetools.Client

	// turn is a lock that is held during a request as well: who waits for it is likely to need the products that are being
	// fetched. Unlike a mutex it lets go of who waits when the context ends.
	turn  *semaphore.Weighted
	known map[string]commercetools.Product
	since time.Time
}

func newLookup(ct *commercetools.Client) *lookup {
	return &lookup{ct: ct, turn: semaphore.NewWeighted(1)}
}

// of returns the products of these orders; one that is not published any more is missing.
func (l *lookup) of(ctx context.Context, orders []record[commercetools.Order]) (map[string]commercetools.Product, error) {
	if err := l.turn.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("waiting for products: %w", err)
	}
	defer l.turn.Release(1)

	if time.Since(l.since) > rememberFor || len(l.known) > remembered {
		l.known, l.since = map[string]commercetools.Product{}, time.Now()
	}

	wanted := map[string]bool{}

	for _, o := range orders {
		for _, id := range o.value.ProductIDs() {
			wanted[id] = true
		}
	}

	var missing []string

	for id := range wanted {
		if _, ok := l.known[id]; !ok {
			missing = append(missing, id)
		}
	}

	found, err := l.ct.ProductsByID(ctx, missing...)
	if err != nil {
		return nil, err
	}

	for _, id := range missing {
		l.known[id] = commercetools.Product{} // not to be asked for again
	}

	for _, p := range found {
		l.known[p.ID] = p
	}

	products := make(map[string]commercetools.Product, len(wanted))

	for id := range wanted {
		if p := l.known[id]; p.ID != "" {
			products[id] = p
		}
	}

	return products, nil
}
