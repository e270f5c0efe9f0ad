package cloud

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"
	"google.golang.org/api/iterator"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// Store is a bulk.Store in Firestore. It has no clock of its own: what it dates, it dates with the server's time of the
// read before.
type Store struct{ client *firestore.Client }

// NewStore returns a Store in the client's database. Closing the client is the caller's.
func NewStore(client *firestore.Client) *Store { return &Store{client: client} }

// Run implements bulk.Store.
func (s *Store) Run(ctx context.Context, resource bulk.Resource) (bulk.Run, error) {
	doc, _, err := get[runDocument](ctx, s, s.run(resource))
	if err != nil {
		return bulk.Run{}, err
	}

	return doc.run(resource)
}

// UpdateRun implements bulk.Store. A write whose answer was lost counts as made: otherwise a start would meet its own
// run as somebody else's.
func (s *Store) UpdateRun(
	ctx context.Context, resource bulk.Resource, change func(*bulk.Run) error,
) (run bulk.Run, err error) {
	ref, write := s.run(resource), uuid.NewString()

	err = again(ctx, func() error {
		doc, snap, err := get[runDocument](ctx, s, ref)
		if err != nil {
			return err
		}

		if run, err = doc.run(resource); err != nil || doc.Write == write {
			return err
		}

		if err := change(&run); err != nil {
			return err
		}

		if doc, err = newRunDocument(run, write); err != nil {
			return err
		}

		if snap.Exists() {
			_, err = ref.Update(ctx, doc.updates(), firestore.LastUpdateTime(snap.UpdateTime))
		} else {
			_, err = ref.Create(ctx, doc)
		}

		if err != nil {
			return writeError(ref.ID, err)
		}

		run, err = doc.run(resource)

		return err
	})

	return run, err
}

// CreateShards implements bulk.Store. All shards are of one run.
func (s *Store) CreateShards(ctx context.Context, shards []bulk.Shard) error {
	refs := make([]*firestore.DocumentRef, len(shards))
	for i, shard := range shards {
		refs[i] = s.shard(shard.ShardKey)
	}

	return again(ctx, func() error {
		snaps, err := s.client.GetAll(ctx, refs)
		if err != nil {
			return fmt.Errorf("reading the shards: %w", err)
		}

		return s.commit(ctx, "the shards", func(tx *firestore.Transaction) error {
			for i, snap := range snaps {
				if snap.Exists() {
					continue
				}

				if err := tx.Create(refs[i], newShardDocument(shards[i], snap.ReadTime)); err != nil {
					return fmt.Errorf("document %s: %w", refs[i].ID, err)
				}
			}

			return nil
		})
	})
}

// Shard implements bulk.Store.
func (s *Store) Shard(ctx context.Context, key bulk.ShardKey) (bulk.Shard, error) {
	doc, _, err := s.readShard(ctx, s.shard(key))

	return doc.shard(key.Resource), err
}

// Shards implements bulk.Store.
func (s *Store) Shards(ctx context.Context, resource bulk.Resource, run string) ([]bulk.Shard, error) {
	from, to := keysOf(run)

	snaps, err := s.run(resource).Collection("shards").
		OrderBy(firestore.DocumentID, firestore.Asc).StartAt(from).EndBefore(to).
		Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("the shards of run %s: %w", run, err)
	}

	shards := make([]bulk.Shard, len(snaps))
	for i, snap := range snaps {
		var doc shardDocument
		if err := snap.DataTo(&doc); err != nil {
			return nil, fmt.Errorf("document %s: %w", snap.Ref.ID, err)
		}

		shards[i] = doc.shard(resource)
	}

	return shards, nil
}

// UpdateShard implements bulk.Store. A write whose answer was lost is an error, or change meets its own work; the page
// number makes both harmless.
func (s *Store) UpdateShard(
	ctx context.Context, key bulk.ShardKey, failures []bulk.Failure, change func(*bulk.Shard) error,
) (shard bulk.Shard, err error) {
	ref := s.shard(key)

	err = again(ctx, func() error {
		doc, snap, err := s.readShard(ctx, ref)
		if err != nil {
			return err
		}

		shard = doc.shard(key.Resource)

		failed, err := newFailureDocuments(shard, failures, snap.ReadTime)
		if err != nil {
			return err
		}

		if err := change(&shard); err != nil {
			return err
		}

		doc = newShardDocument(shard, snap.ReadTime)
		shard = doc.shard(key.Resource)

		return s.commit(ctx, ref.ID, func(tx *firestore.Transaction) error {
			for _, f := range failed {
				if err := tx.Create(s.run(key.Resource).Collection("failures").Doc(f.Key), f); err != nil {
					return fmt.Errorf("document %s: %w", f.Key, err)
				}
			}

			return tx.Update(ref, doc.updates(), firestore.LastUpdateTime(snap.UpdateTime))
		})
	})

	return shard, err
}

// Failures implements bulk.Store.
func (s *Store) Failures(ctx context.Context, resource bulk.Resource, run string, limit int) ([]bulk.Failure, error) {
	from, to := keysOf(run)
	docs := s.run(resource).Collection("failures").
		Where("key", ">=", from).Where("key", "<", to).OrderBy("key", firestore.Desc).
		Limit(limit). // each document holds one at least
		Documents(ctx)
	defer docs.Stop()

	var last []bulk.Failure

	for len(last) < limit {
		snap, err := docs.Next()
		if errors.Is(err, iterator.Done) {
			break
		}

		if err != nil {
			return nil, fmt.Errorf("the failures of run %s: %w", run, err)
		}

		var doc failureDocument
		if err := snap.DataTo(&doc); err != nil {
			return nil, fmt.Errorf("document %s: %w", snap.Ref.ID, err)
		}

		part, err := doc.failures()
		if err != nil {
			return nil, err
		}

		slices.Reverse(part)
		last = append(last, part[:min(len(part), limit-len(last))]...)
	}

	return last, nil
}

// readShard reads a shard that has to exist.
func (s *Store) readShard(
	ctx context.Context, ref *firestore.DocumentRef,
) (shardDocument, *firestore.DocumentSnapshot, error) {
	doc, snap, err := get[shardDocument](ctx, s, ref)
	if err == nil && !snap.Exists() {
		err = fmt.Errorf("there is no shard %s", ref.ID)
	}

	return doc, snap, err
}

func (s *Store) run(resource bulk.Resource) *firestore.DocumentRef {
	return s.client.Collection("sync").Doc(string(resource))
}

func (s *Store) shard(k bulk.ShardKey) *firestore.DocumentRef {
	return s.run(k.Resource).Collection("shards").Doc(fmt.Sprintf("%s-%04d", k.Run, k.Index))
}

// keysOf bounds the keys that begin with a run's id and "-", whose successor is ".".
func keysOf(run string) (from, to string) { return run + "-", run + "." }
