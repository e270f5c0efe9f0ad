package bulktest

import (
	"context"
	"fmt"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// Outward is a store and a queue as a worker calls them. Each call passes through one place, which may spoil it.
type Outward struct {
	Store bulk.Store
	Queue bulk.Queue
	// Through gets to know what is called, by a name that is the same in each run of the tests.
	Through func(what string, call func() error) error
}

// InEachRun names a task without its run's id, which is random.
func InEachRun(t bulk.Task) string {
	t.Run = ""

	return t.Name()
}

// pass makes a call with a result.
func pass[T any](o Outward, what string, call func() (T, error)) (result T, err error) {
	err = o.Through(what, func() (err error) {
		result, err = call()

		return err
	})

	return result, err
}

func shardInEachRun(call string, key bulk.ShardKey) string {
	return fmt.Sprintf("%s %s %d", call, key.Resource, key.Index)
}

// Enqueue implements bulk.Queue.
func (o Outward) Enqueue(ctx context.Context, t bulk.Task, after time.Duration) error {
	return o.Through("Enqueue "+InEachRun(t), func() error { return o.Queue.Enqueue(ctx, t, after) })
}

// Run implements bulk.Store.
func (o Outward) Run(ctx context.Context, resource bulk.Resource) (bulk.Run, error) {
	return pass(o, "Run "+string(resource), func() (bulk.Run, error) { return o.Store.Run(ctx, resource) })
}

// UpdateRun implements bulk.Store.
func (o Outward) UpdateRun(ctx context.Context, resource bulk.Resource, change func(*bulk.Run) error) (bulk.Run, error) {
	return pass(o, "UpdateRun "+string(resource), func() (bulk.Run, error) { return o.Store.UpdateRun(ctx, resource, change) })
}

// CreateShards implements bulk.Store.
func (o Outward) CreateShards(ctx context.Context, shards []bulk.Shard) error {
	return o.Through("CreateShards "+string(shards[0].Resource), func() error { return o.Store.CreateShards(ctx, shards) })
}

// Shard implements bulk.Store.
func (o Outward) Shard(ctx context.Context, key bulk.ShardKey) (bulk.Shard, error) {
	return pass(o, shardInEachRun("Shard", key), func() (bulk.Shard, error) { return o.Store.Shard(ctx, key) })
}

// Shards implements bulk.Store.
func (o Outward) Shards(ctx context.Context, resource bulk.Resource, run string) ([]bulk.Shard, error) {
	return pass(o, "Shards "+string(resource), func() ([]bulk.Shard, error) { return o.Store.Shards(ctx, resource, run) })
}

// UpdateShard implements bulk.Store.
func (o Outward) UpdateShard(
	ctx context.Context, key bulk.ShardKey, failures []bulk.Failure, change func(*bulk.Shard) error,
) (bulk.Shard, error) {
	return pass(o, shardInEachRun("UpdateShard", key), func() (bulk.Shard, error) { return o.Store.UpdateShard(ctx, key, failures, change) })
}

// Failures implements bulk.Store.
func (o Outward) Failures(ctx context.Context, resource bulk.Resource, run string, limit int) ([]bulk.Failure, error) {
	return pass(o, "Failures "+string(resource), func() ([]bulk.Failure, error) { return o.Store.Failures(ctx, resource, run, limit) })
}
