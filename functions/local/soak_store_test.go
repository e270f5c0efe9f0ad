package main

import (
	"context"
	"fmt"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// faulty is a store and a queue whose calls may fail.
type faulty struct {
	weather *weather
	store   bulk.Store
	queue   bulk.Queue
}

// pass makes a call with a result.
func pass[T any](w *weather, about string, call func() (T, error)) (result T, err error) {
	err = w.through(about, func() (err error) {
		result, err = call()

		return err
	})

	return result, err
}

// Enqueue implements bulk.Queue.
func (f faulty) Enqueue(ctx context.Context, t bulk.Task, after time.Duration) error {
	return f.weather.through("enqueue "+aboutTask(t), func() error { return f.queue.Enqueue(ctx, t, after) })
}

// Run implements bulk.Store.
func (f faulty) Run(ctx context.Context, resource bulk.Resource) (bulk.Run, error) {
	return pass(f.weather, fmt.Sprint("run ", resource), func() (bulk.Run, error) { return f.store.Run(ctx, resource) })
}

// UpdateRun implements bulk.Store.
func (f faulty) UpdateRun(ctx context.Context, resource bulk.Resource, change func(*bulk.Run) error) (bulk.Run, error) {
	return pass(f.weather, fmt.Sprint("update ", resource), func() (bulk.Run, error) { return f.store.UpdateRun(ctx, resource, change) })
}

// CreateShards implements bulk.Store.
func (f faulty) CreateShards(ctx context.Context, shards []bulk.Shard) error {
	return f.weather.through(fmt.Sprint("create shards ", shards[0].Resource), func() error { return f.store.CreateShards(ctx, shards) })
}

// Shard implements bulk.Store.
func (f faulty) Shard(ctx context.Context, key bulk.ShardKey) (bulk.Shard, error) {
	return pass(f.weather, fmt.Sprint("shard ", key.Resource, key.Index), func() (bulk.Shard, error) { return f.store.Shard(ctx, key) })
}

// Shards implements bulk.Store.
func (f faulty) Shards(ctx context.Context, resource bulk.Resource, run string) ([]bulk.Shard, error) {
	return pass(f.weather, fmt.Sprint("shards ", resource), func() ([]bulk.Shard, error) { return f.store.Shards(ctx, resource, run) })
}

// UpdateShard implements bulk.Store.
func (f faulty) UpdateShard(
	ctx context.Context, key bulk.ShardKey, failures []bulk.Failure, change func(*bulk.Shard) error,
) (bulk.Shard, error) {
	return pass(f.weather, fmt.Sprint("update shard ", key.Resource, key.Index), func() (bulk.Shard, error) {
		return f.store.UpdateShard(ctx, key, failures, change)
	})
}

// Failures implements bulk.Store.
func (f faulty) Failures(ctx context.Context, resource bulk.Resource, run string, limit int) ([]bulk.Failure, error) {
	return pass(f.weather, fmt.Sprint("failures ", resource), func() ([]bulk.Failure, error) {
		return f.store.Failures(ctx, resource, run, limit)
	})
}
