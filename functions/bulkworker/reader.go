package bulkworker

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
)

// record is one commercetools resource, or why there is none.
type record[T any] struct {
	id    string
	value T
	err   error
}

// reader reads the resources of one kind in the order of their ids.
type reader[T any] struct {
	ct       *commercetools.Client
	endpoint commercetools.Endpoint
	expand   []string
	idOf     func(T) string
	// absent is the error of an id that was asked for and not found.
	absent error
}

// plan counts what the options leave; a shard should hold about so many records.
func (r reader[T]) plan(ctx context.Context, o bulk.Options, perShard int) (bulk.Plan, error) {
	if len(o.IDs) > 0 {
		return bulk.Plan{Total: len(o.IDs), Shards: 1}, nil
	}

	where := modifiedSince(o)
	if after := o.After(); after != "" {
		where = append(where, commercetools.IDAfter(after))
	}

	total, err := r.ct.Count(ctx, r.endpoint, where...)
	if err == nil && len(where) > 0 && total >= commercetools.MaxCounted {
		total, err = r.ct.Count(ctx, r.endpoint) // more than are counted: at most all
	}

	return bulk.Plan{Total: total, Shards: bulk.ShardsFor(total, perShard)}, err
}

// read returns at most limit records behind the cursor, and whether they are the last of the range.
func (r reader[T]) read(ctx context.Context, w bulk.Work, cursor string, limit int) (some []record[T], last bool, err error) {
	if len(w.Options.IDs) > 0 {
		from, done := slices.BinarySearch(w.Options.IDs, cursor)
		if done {
			from++
		}

		ids := w.Options.IDs[from:min(from+min(limit, commercetools.MaxIDs), len(w.Options.IDs))]
		some, err = r.byID(ctx, ids)

		return some, from+len(ids) == len(w.Options.IDs), err
	}

	some, err = r.scan(ctx, commercetools.Window{After: cursor, Before: w.Before}, limit, modifiedSince(w.Options))

	return some, err == nil && len(some) < limit, err
}

// scan reads a page. When it can't be read, the error is a bulk.OutageError if commercetools can't be read at all: then no
// page is to blame.
func (r reader[T]) scan(
	ctx context.Context, within commercetools.Window, limit int, where []commercetools.Predicate,
) ([]record[T], error) {
	raw, err := r.ct.Scan(ctx, r.endpoint, within, limit, commercetools.Query{Where: where, Expand: r.expand})
	if err == nil {
		var some []record[T]
		if some, err = r.decode(raw); err == nil {
			return some, nil
		}
	}

	if final(err) || outage(err) || ctx.Err() != nil {
		return nil, err
	}

	if _, err := r.ct.Query(ctx, r.endpoint, commercetools.Query{Limit: 1}); err != nil {
		return nil, &bulk.OutageError{Err: err}
	}

	return nil, err
}

// byID returns a record for each of at most commercetools.MaxIDs ids, which are sorted.
func (r reader[T]) byID(ctx context.Context, ids []string) ([]record[T], error) {
	if len(ids) == 0 {
		return nil, nil
	}

	found, err := r.scan(ctx, commercetools.Window{}, commercetools.MaxLimit, []commercetools.Predicate{commercetools.IDIn(ids...)})
	if err != nil {
		return nil, err
	}

	all := make([]record[T], 0, len(ids))

	for _, id := range ids {
		if len(found) > 0 && found[0].id == id {
			all, found = append(all, found[0]), found[1:]
		} else {
			all = append(all, record[T]{id: id, err: r.absent})
		}
	}

	return all, nil
}

// each gives do the records of any number of ids, in their order, as many at a time as one query takes.
func (r reader[T]) each(ctx context.Context, ids []string, do func([]record[T]) error) error {
	for some := range slices.Chunk(slices.Sorted(slices.Values(ids)), commercetools.MaxIDs) {
		records, err := r.byID(ctx, some)
		if err != nil {
			return err
		}

		if err := do(records); err != nil {
			return err
		}
	}

	return nil
}

// decode decodes records. One that can't be decoded is a record with an error: its neighbours must not suffer.
func (r reader[T]) decode(raw []json.RawMessage) ([]record[T], error) {
	all := make([]record[T], len(raw))
	last := ""

	for i, one := range raw {
		value, err := commercetools.Decode[T](one)
		all[i] = record[T]{id: r.idOf(value), value: value, err: err}

		if err != nil {
			// Without its id the page could not go on.
			named, err := commercetools.Decode[struct {
				ID string `json:"id"`
			}](one)
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

func modifiedSince(o bulk.Options) []commercetools.Predicate {
	if o.Since.IsZero() {
		return nil
	}

	return []commercetools.Predicate{commercetools.ModifiedSince(o.Since)}
}

// load reads and maps records by their ids, in any number; one that is gone or can't be mapped is missing.
func load[T, R any](ctx context.Context, from reader[T], ids []string, toKlaviyo func(T) (R, error)) ([]R, error) {
	var all []R

	err := from.each(ctx, ids, func(some []record[T]) error {
		for _, r := range some {
			if one, err := mapped(r, toKlaviyo); err == nil {
				all = append(all, one)
			}
		}

		return nil
	})

	return all, err
}
