package commercetools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
)

// Endpoint is a resource type's part of the path.
type Endpoint string

// The endpoints that are read.
const (
	Customers          Endpoint = "customers"
	Orders             Endpoint = "orders"
	Payments           Endpoint = "payments"
	Categories         Endpoint = "categories"
	ProductProjections Endpoint = "product-projections"
	StandalonePrices   Endpoint = "standalone-prices"
	Inventory          Endpoint = "inventory"
)

// MaxLimit is the largest page.
// Source: https://docs.commercetools.com/api/general-concepts#limit.
const MaxLimit = 500

// Query asks for resources of one type. The zero value gives the first 20 in commercetools' own order.
type Query struct {
	// Where holds predicates that must all be true.
	Where []Predicate
	// Sort is such as "lastModifiedAt asc"; the first counts most.
	Sort []string
	// Limit is at most MaxLimit; 0 is commercetools' default, 20.
	Limit int
	// Expand holds reference paths that commercetools resolves, such as "ancestors[*]".
	Expand []string
	// WithTotal asks for Page.Total too, which makes a query slower.
	WithTotal bool
}

// Page is an answer to a Query.
type Page struct {
	// Results are parts of one body: a copy of one frees the memory of the others.
	Results []json.RawMessage
	// Total is how many resources match; 0 when it wasn't asked for.
	Total int
	// Limit is the page size that commercetools has kept to; 0 when it does not say.
	Limit int
}

// Window is a range of ids, without its ends; "" leaves an end open.
type Window struct{ After, Before string }

// Query fetches the resources that match q, GET {api}/{project}/{endpoint}.
func (c *Client) Query(ctx context.Context, e Endpoint, q Query) (Page, error) {
	body, err := c.get(ctx, "/"+string(e), q.values())
	if err != nil {
		return Page{}, err
	}

	page, err := splitPage(body)
	if err != nil {
		return Page{}, fmt.Errorf("commercetools: GET %s/%s: %w", c.project, e, err)
	}

	return page, nil
}

// Scan fetches the first resources inside w in the order of their ids: a keyset page, which costs the same at any depth,
// while an offset ends at 10,000. The id of the last result is the next page's w.After; fewer results than limit are the
// last. A limit outside 1 to MaxLimit is MaxLimit. Of q only Where and Expand count.
func (c *Client) Scan(ctx context.Context, e Endpoint, w Window, limit int, q Query) ([]json.RawMessage, error) {
	if limit < 1 || limit > MaxLimit {
		limit = MaxLimit
	}

	page, err := c.Query(ctx, e, Query{
		Where:  append(w.predicates(), q.Where...),
		Sort:   []string{"id asc"},
		Limit:  limit,
		Expand: q.Expand,
	})
	if err == nil && page.Limit > 0 && page.Limit < limit {
		// A page that is shorter than asked for would pass for the last one.
		err = fmt.Errorf("commercetools: GET %s/%s: pages of %d were asked for, and pages of %d came", c.project, e, limit, page.Limit)
	}

	return page.Results, err
}

// MaxCounted is how far commercetools counts with a predicate; without one it counts all.
const MaxCounted = 10_000

// Count tells how many resources match, MaxCounted at most with a predicate.
// Source: https://docs.commercetools.com/api/releases/2020-10-12-the-total-of-pagedqueryresult-is-limited-to-the-maximum-offset.
func (c *Client) Count(ctx context.Context, e Endpoint, where ...Predicate) (int, error) {
	page, err := c.Query(ctx, e, Query{Where: where, Limit: 1, WithTotal: true})

	return page.Total, err
}

func (q Query) values() url.Values {
	// commercetools counts unless it is told not to.
	v := url.Values{"withTotal": {strconv.FormatBool(q.WithTotal)}}

	for _, p := range q.Where {
		v.Add("where", string(p))
	}

	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}

	if len(q.Sort) > 0 {
		v["sort"] = q.Sort
	}

	if len(q.Expand) > 0 {
		v["expand"] = q.Expand
	}

	return v
}

// predicates are none to two; two make one, `id > "a" and id < "b"`.
func (w Window) predicates() []Predicate {
	switch {
	case w.After != "" && w.Before != "":
		return []Predicate{IDAfter(w.After) + " and " + IDBefore(w.Before)}
	case w.After != "":
		return []Predicate{IDAfter(w.After)}
	case w.Before != "":
		return []Predicate{IDBefore(w.Before)}
	default:
		return nil
	}
}
