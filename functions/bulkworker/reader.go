package bulkworker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
)

// record is one commercetools resource, or why there is none.
type record[T any] struct {
	id    string
	value T
	err   error
	// revision is known of a record that can't be decoded, too.
	revision commercetools.Revision
	// state is what the next pass would have to leave out; 0 if it won't read the record, or there is none.
	state bulk.State
}

func (r *record[T]) now() bulk.State { return bulk.StateOf(r.id, r.revision.Version) }

// reader reads the resources of one kind in the order of their ids.
type reader[T any] struct {
	ct       *commercetools.Client
	endpoint commercetools.Endpoint
	expand   []string
	idOf     func(T) string
	// revisionOf is for a resource that is read in several passes.
	revisionOf func(T) commercetools.Revision
	// absent is the error of an id that was asked for and not found.
	absent error
	// most is how many records fit into an answer when fewer do than one may ask for; else 0.
	most atomic.Int64
}

// plan counts what the options leave; a shard should hold about so many records.
func (r *reader[T]) plan(ctx context.Context, o bulk.Options, perShard int) (bulk.Plan, error) {
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
func (r *reader[T]) read(ctx context.Context, w bulk.Work, cursor string, limit int) (some []record[T], last bool, err error) {
	if len(w.Options.IDs) > 0 {
		from, done := slices.BinarySearch(w.Options.IDs, cursor)
		if done {
			from++
		}

		ids := w.Options.IDs[from:min(from+min(limit, commercetools.MaxIDs), len(w.Options.IDs))]
		some, err = r.first(ctx, ids)

		return some, err == nil && from+len(some) == len(w.Options.IDs), err
	}

	return r.scan(ctx, commercetools.Window{After: cursor, Before: w.Before}, limit, modifiedSince(w.Options)...)
}

// changed leaves out the records that a pass before has dealt with as they are, and marks those that the next may read. Records
// that were asked for by their ids are read whether they have changed or not.
func (r *reader[T]) changed(w bulk.Work, some []record[T]) []record[T] {
	for i := range some {
		if one := &some[i]; one.revision.ModifiedSince(w.Recent) {
			one.state = one.now()
		}
	}

	if w.Known == nil {
		return some
	}

	var changed []record[T]

	for i := range some {
		// One that is absent was never modified.
		if one := &some[i]; one.revision.ModifiedSince(w.Options.Since) && !w.Known[one.now()] {
			changed = append(changed, *one)
		}
	}

	return changed
}

// scan reads at most limit records, fewer when so many are too large for an answer, and tells whether they are the last.
func (r *reader[T]) scan(
	ctx context.Context, within commercetools.Window, limit int, where ...commercetools.Predicate,
) (some []record[T], last bool, err error) {
	if most := int(r.most.Load()); most > 0 {
		limit = min(limit, most)
	}

	raw, err := r.ct.Scan(ctx, r.endpoint, within, limit, commercetools.Query{Where: where, Expand: r.expand})
	for limit > 1 && errors.Is(err, commercetools.ErrTooLarge) {
		limit /= 2
		r.most.Store(int64(limit))

		raw, err = r.ct.Scan(ctx, r.endpoint, within, limit, commercetools.Query{Where: where, Expand: r.expand})
	}

	if err == nil {
		some, err = r.decode(raw)
	}

	if err != nil {
		return nil, false, r.blamed(ctx, err)
	}

	r.grow(raw)

	return some, len(some) < limit, nil
}

// grow lets the next answer hold twice as many records when these were small.
func (r *reader[T]) grow(raw []json.RawMessage) {
	size := 0
	for _, one := range raw {
		size += len(one)
	}

	if most := r.most.Load(); 2*most > commercetools.MaxLimit {
		r.most.Store(0)
	} else if size < commercetools.MaxAnswer/4 {
		r.most.Store(2 * most)
	}
}

// blamed tells of a page that can't be read whether commercetools can be read at all. If not, no page is to blame: the error
// is a bulk.OutageError.
func (r *reader[T]) blamed(ctx context.Context, err error) error {
	if final(err) || outage(err) || ctx.Err() != nil || errors.Is(err, commercetools.ErrTooLarge) {
		return err
	}

	if _, err := r.ct.Query(ctx, r.endpoint, commercetools.Query{Limit: 1}); err != nil && !errors.Is(err, commercetools.ErrTooLarge) {
		return &bulk.OutageError{Err: err}
	}

	return err
}

// byID returns a record for each of at most commercetools.MaxIDs ids, which are sorted.
func (r *reader[T]) byID(ctx context.Context, ids []string) ([]record[T], error) {
	var all []record[T]

	for len(all) < len(ids) {
		some, err := r.first(ctx, ids[len(all):])
		if err != nil {
			return nil, err
		}

		all = append(all, some...)
	}

	return all, nil
}

// first is byID for the first of these ids: for all, unless they are too large for one answer.
func (r *reader[T]) first(ctx context.Context, ids []string) ([]record[T], error) {
	if len(ids) == 0 {
		return nil, nil
	}

	found, last, err := r.scan(ctx, commercetools.Window{}, len(ids), commercetools.IDIn(ids...))
	if err != nil {
		return nil, err
	}

	all := make([]record[T], 0, len(ids))

	for _, id := range ids {
		switch {
		case len(found) > 0 && found[0].id == id:
			all, found = append(all, found[0]), found[1:]
		case len(found) > 0 || last:
			all = append(all, record[T]{id: id, err: r.absent})
		default:
			return all, nil
		}
	}

	return all, nil
}

// each gives do the records of any number of ids, in their order, as many at a time as one query takes.
func (r *reader[T]) each(ctx context.Context, ids []string, do func([]record[T]) error) error {
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
func (r *reader[T]) decode(raw []json.RawMessage) ([]record[T], error) {
	all := make([]record[T], len(raw))
	last := ""

	for i, one := range raw {
		value, err := commercetools.Decode[T](one)
		all[i] = record[T]{id: r.idOf(value), value: value, err: err}

		if err != nil {
			// Without its id the page could not go on.
			named, err := commercetools.Decode[struct {
				commercetools.Revision

				ID string `json:"id"`
			}](one)
			if err != nil {
				return nil, err
			}

			all[i].id, all[i].revision = named.ID, named.Revision
		} else if r.revisionOf != nil {
			all[i].revision = r.revisionOf(value)
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

// load reads and maps records by their ids, in any number; one that is gone is missing.
func load[T, R any](ctx context.Context, from *reader[T], ids []string, toKlaviyo func(T) (R, error)) ([]record[R], error) {
	var all []record[R]

	err := from.each(ctx, ids, func(some []record[T]) error {
		for _, r := range some {
			if one, err := mapped(r, toKlaviyo); !errors.Is(err, from.absent) {
				all = append(all, record[R]{id: r.id, value: one, err: err})
			}
		}

		return nil
	})

	return all, err
}
