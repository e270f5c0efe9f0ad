// Package embedded holds the twins of Firestore and Cloud Tasks for one process: a store in a bbolt file, and a queue
// that keeps Cloud Tasks' rules.
package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// The buckets. Keys: a run's is its resource, a shard's "resource/run/0007", a failure's "resource/run/" and a number.
const (
	runs     = "runs"
	shards   = "shards"
	failures = "failures"
)

// Store is a bulk.Store in one bbolt file.
type Store struct{ db *bolt.DB }

// ErrInUse says that another process has the file open.
var ErrInUse = errors.New("is in use by another process, `serve` or `run` for example; stop that first, or use another file")

// Open opens the file, and creates it when there is none. One process at a time can have it open; another gets an error
// after a second.
func Open(path string) (*Store, error) {
	if err := expectWhole(path); err != nil {
		return nil, fmt.Errorf("the state file %s %w", path, err)
	}

	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("the state file %s %w", path, ErrInUse)
	}

	if err != nil {
		return nil, fmt.Errorf("the state file %s: %w", path, err)
	}

	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range []string{runs, shards, failures, parked} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return fmt.Errorf("bucket %s: %w", name, err)
			}
		}

		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the state file %s: %w", path, err), db.Close())
	}

	return &Store{db: db}, nil
}

// expectWhole refuses a file that lacks its end, as a full disk may leave it: the process would end without a word when it
// reads there.
func expectWhole(path string) error {
	file, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && file.Size() == 0 {
		return nil
	}

	if err != nil {
		return fmt.Errorf("can't be looked at: %w", err)
	}

	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, ReadOnly: true})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return ErrInUse
	}

	if err != nil {
		return nil //nolint:nilerr // Open says what is wrong with it
	}

	err = db.View(func(tx *bolt.Tx) error {
		if file.Size() < tx.Size() {
			return fmt.Errorf("has only %d of its %d bytes; use another file, and start its imports anew", file.Size(), tx.Size())
		}

		return nil
	})

	return errors.Join(err, db.Close())
}

// Close closes the file.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("closing the state file: %w", err)
	}

	return nil
}

// Run implements bulk.Store.
func (s *Store) Run(_ context.Context, resource bulk.Resource) (bulk.Run, error) {
	run := bulk.Run{Resource: resource}
	err := s.view(func(tx *bolt.Tx) error { return get(tx, runs, string(resource), &run) })

	return run, ignoreAbsent(err)
}

// UpdateRun implements bulk.Store. The documents of the run before go with a new run.
func (s *Store) UpdateRun(_ context.Context, resource bulk.Resource, change func(*bulk.Run) error) (bulk.Run, error) {
	run := bulk.Run{Resource: resource}

	err := s.db.Update(func(tx *bolt.Tx) error {
		if err := ignoreAbsent(get(tx, runs, string(resource), &run)); err != nil {
			return err
		}

		before := run.ID
		if err := change(&run); err != nil {
			return err
		}

		if before != "" && before != run.ID {
			if err := forget(tx, prefix(resource, before)); err != nil {
				return err
			}
		}

		return put(tx, runs, string(resource), run)
	})

	return run, err //nolint:wrapcheck // change's own errors are told apart by the caller
}

// CreateShards implements bulk.Store.
func (s *Store) CreateShards(_ context.Context, created []bulk.Shard) error {
	return s.update(func(tx *bolt.Tx) error {
		for _, shard := range created {
			if tx.Bucket([]byte(shards)).Get([]byte(key(shard.ShardKey))) != nil {
				continue
			}

			if err := put(tx, shards, key(shard.ShardKey), shard); err != nil {
				return err
			}
		}

		return nil
	})
}

// Shard implements bulk.Store.
func (s *Store) Shard(_ context.Context, k bulk.ShardKey) (bulk.Shard, error) {
	var shard bulk.Shard
	err := s.view(func(tx *bolt.Tx) error { return get(tx, shards, key(k), &shard) })

	return shard, err
}

// Shards implements bulk.Store.
func (s *Store) Shards(_ context.Context, resource bulk.Resource, run string) ([]bulk.Shard, error) {
	var all []bulk.Shard

	err := s.view(func(tx *bolt.Tx) error {
		p := []byte(prefix(resource, run))
		c := tx.Bucket([]byte(shards)).Cursor()

		for k, v := c.Seek(p); bytes.HasPrefix(k, p); k, v = c.Next() {
			var shard bulk.Shard
			if err := json.Unmarshal(v, &shard); err != nil {
				return fmt.Errorf("shard %s: %w", k, err)
			}

			all = append(all, shard)
		}

		return nil
	})

	return all, err
}

// UpdateShard implements bulk.Store.
func (s *Store) UpdateShard(
	_ context.Context, k bulk.ShardKey, failed []bulk.Failure, change func(*bulk.Shard) error,
) (bulk.Shard, error) {
	var shard bulk.Shard

	err := s.db.Update(func(tx *bolt.Tx) error {
		if err := get(tx, shards, key(k), &shard); err != nil {
			return err
		}

		if err := change(&shard); err != nil {
			return err
		}

		for _, f := range failed {
			n, err := tx.Bucket([]byte(failures)).NextSequence()
			if err != nil {
				return fmt.Errorf("a failure's number: %w", err)
			}

			number := binary.BigEndian.AppendUint64([]byte(prefix(k.Resource, k.Run)), n)
			if err := put(tx, failures, string(number), f); err != nil {
				return err
			}
		}

		return put(tx, shards, key(k), shard)
	})

	return shard, err //nolint:wrapcheck // change's own errors are told apart by the caller
}

// Failures implements bulk.Store.
func (s *Store) Failures(_ context.Context, resource bulk.Resource, run string, limit int) ([]bulk.Failure, error) {
	var last []bulk.Failure

	err := s.view(func(tx *bolt.Tx) error {
		p := []byte(prefix(resource, run))
		c := tx.Bucket([]byte(failures)).Cursor()

		back := c.Prev
		if behind, _ := c.Seek(slices.Concat(p, []byte{0xff})); behind == nil {
			back = c.Last
		}

		k, v := back()

		for ; bytes.HasPrefix(k, p) && len(last) < limit; k, v = c.Prev() {
			var f bulk.Failure
			if err := json.Unmarshal(v, &f); err != nil {
				return fmt.Errorf("failure of run %s: %w", run, err)
			}

			last = append(last, f)
		}

		return nil
	})

	return last, err
}

func (s *Store) view(f func(*bolt.Tx) error) error {
	return s.db.View(f) //nolint:wrapcheck // f wraps
}

func (s *Store) update(f func(*bolt.Tx) error) error {
	return s.db.Update(f) //nolint:wrapcheck // f wraps
}

func prefix(resource bulk.Resource, run string) string { return fmt.Sprintf("%s/%s/", resource, run) }

func key(k bulk.ShardKey) string { return fmt.Sprintf("%s%04d", prefix(k.Resource, k.Run), k.Index) }

// errAbsent says that there is no such document.
var errAbsent = errors.New("no such document")

func ignoreAbsent(err error) error {
	if errors.Is(err, errAbsent) {
		return nil
	}

	return err
}

func get(tx *bolt.Tx, bucket, key string, v any) error {
	data := tx.Bucket([]byte(bucket)).Get([]byte(key))
	if data == nil {
		return fmt.Errorf("%s %s: %w", bucket, key, errAbsent)
	}

	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s %s: %w", bucket, key, err)
	}

	return nil
}

func put(tx *bolt.Tx, bucket, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s %s: %w", bucket, key, err)
	}

	if err := tx.Bucket([]byte(bucket)).Put([]byte(key), data); err != nil {
		return fmt.Errorf("%s %s: %w", bucket, key, err)
	}

	return nil
}

// forget deletes the shards and failures of a run.
func forget(tx *bolt.Tx, of string) error {
	for _, bucket := range []string{shards, failures} {
		c := tx.Bucket([]byte(bucket)).Cursor()
		for k, _ := c.Seek([]byte(of)); bytes.HasPrefix(k, []byte(of)); k, _ = c.Seek([]byte(of)) {
			if err := c.Delete(); err != nil {
				return fmt.Errorf("forgetting the run before: %w", err)
			}
		}
	}

	return nil
}
