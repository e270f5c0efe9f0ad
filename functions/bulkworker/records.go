package bulkworker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
)

// record is one customer, or why there is none.
type record struct {
	id       string
	customer commercetools.Customer
	err      error
}

func records(raw []json.RawMessage) ([]record, error) {
	all := make([]record, len(raw))

	last := ""

	for i, r := range raw {
		customer, err := commercetools.Decode[commercetools.Customer](r)
		all[i] = record{id: customer.ID, customer: customer, err: err}

		if err != nil {
			// One customer that cannot be read is a failure; without its id the page could not go on.
			named, err := commercetools.Decode[struct {
				ID string `json:"id"`
			}](r)
			if err != nil {
				return nil, err
			}

			all[i].id = named.ID
		}

		if all[i].id <= last {
			return nil, fmt.Errorf("commercetools' answer is not in the order of the ids: %q after %q", all[i].id, last)
		}

		last = all[i].id
	}

	return all, nil
}

var errAbsent = errors.New("commercetools has no such customer")

// withAbsent adds the ids that were asked for and not found, in order.
func withAbsent(ids []string, found []record) []record {
	all := make([]record, 0, len(ids))

	for _, id := range ids {
		if len(found) > 0 && found[0].id == id {
			all, found = append(all, found[0]), found[1:]
		} else {
			all = append(all, record{id: id, err: errAbsent})
		}
	}

	return all
}

// read returns the customers behind the cursor, and whether they are the last of the range.
func (c *Customers) read(ctx context.Context, w bulk.Work, cursor string) ([]record, bool, error) {
	if len(w.Options.IDs) > 0 {
		from, done := slices.BinarySearch(w.Options.IDs, cursor)
		if done {
			from++
		}

		ids := w.Options.IDs[from:min(from+commercetools.MaxIDs, len(w.Options.IDs))]
		all, err := c.readIDs(ctx, ids)

		return all, from+len(ids) == len(w.Options.IDs), err
	}

	raw, err := c.ct.Scan(ctx, commercetools.Customers, commercetools.Window{After: cursor, Before: w.Before}, pageSize,
		commercetools.Query{Where: modifiedSince(w.Options)})
	if err != nil {
		return nil, false, err
	}

	all, err := records(raw)

	return all, len(raw) < pageSize, err
}

// readIDs returns a record for each of at most commercetools.MaxIDs ids, which are sorted.
func (c *Customers) readIDs(ctx context.Context, ids []string) ([]record, error) {
	if len(ids) == 0 {
		return nil, nil
	}

	raw, err := c.ct.Scan(ctx, commercetools.Customers, commercetools.Window{}, pageSize,
		commercetools.Query{Where: []commercetools.Predicate{commercetools.IDIn(ids...)}})
	if err != nil {
		return nil, err
	}

	found, err := records(raw)

	return withAbsent(ids, found), err
}

func modifiedSince(o bulk.Options) []commercetools.Predicate {
	if o.Since.IsZero() {
		return nil
	}

	return []commercetools.Predicate{commercetools.ModifiedSince(o.Since)}
}
