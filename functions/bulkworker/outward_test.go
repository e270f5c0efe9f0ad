package bulkworker_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// outward is all that a worker calls outside its process: the store, the queue, and by HTTP commercetools and Klaviyo. Each
// call passes through one place, which may spoil it.
type outward struct {
	store bulk.Store
	queue bulk.Queue
	http  http.RoundTripper
	// through gets to know what is called, by a name that is the same in each run of the tests.
	through func(what string, call func() error) error
}

// pass makes a call with a result.
func pass[T any](o outward, what string, call func() (T, error)) (T, error) {
	var result T

	err := o.through(what, func() (err error) {
		result, err = call()

		return err
	})

	return result, err
}

// inEachRun names a task without its run's id, which is random.
func inEachRun(t bulk.Task) string {
	t.Run = ""

	return t.Name()
}

func shardInEachRun(call string, key bulk.ShardKey) string {
	return fmt.Sprintf("%s %s %d", call, key.Resource, key.Index)
}

// RoundTrip implements http.RoundTripper.
func (o outward) RoundTrip(r *http.Request) (*http.Response, error) {
	return pass(o, r.Method+" "+r.URL.String(), func() (*http.Response, error) { return o.http.RoundTrip(r) })
}

// Enqueue implements bulk.Queue.
func (o outward) Enqueue(ctx context.Context, t bulk.Task, after time.Duration) error {
	return o.through("Enqueue "+inEachRun(t), func() error { return o.queue.Enqueue(ctx, t, after) })
}

// Run implements bulk.Store.
func (o outward) Run(ctx context.Context, resource bulk.Resource) (bulk.Run, error) {
	return pass(o, "Run "+string(resource), func() (bulk.Run, error) { return o.store.Run(ctx, resource) })
}

// UpdateRun implements bulk.Store.
func (o outward) UpdateRun(ctx context.Context, resource bulk.Resource, change func(*bulk.Run) error) (bulk.Run, error) {
	return pass(o, "UpdateRun "+string(resource), func() (bulk.Run, error) { return o.store.UpdateRun(ctx, resource, change) })
}

// CreateShards implements bulk.Store.
func (o outward) CreateShards(ctx context.Context, shards []bulk.Shard) error {
	return o.through("CreateShards", func() error { return o.store.CreateShards(ctx, shards) })
}

// Shard implements bulk.Store.
func (o outward) Shard(ctx context.Context, key bulk.ShardKey) (bulk.Shard, error) {
	return pass(o, shardInEachRun("Shard", key), func() (bulk.Shard, error) { return o.store.Shard(ctx, key) })
}

// Shards implements bulk.Store.
func (o outward) Shards(ctx context.Context, resource bulk.Resource, run string) ([]bulk.Shard, error) {
	return pass(o, "Shards "+string(resource), func() ([]bulk.Shard, error) { return o.store.Shards(ctx, resource, run) })
}

// UpdateShard implements bulk.Store.
func (o outward) UpdateShard(
	ctx context.Context, key bulk.ShardKey, failures []bulk.Failure, change func(*bulk.Shard) error,
) (bulk.Shard, error) {
	return pass(o, shardInEachRun("UpdateShard", key), func() (bulk.Shard, error) { return o.store.UpdateShard(ctx, key, failures, change) })
}

// Failures implements bulk.Store.
func (o outward) Failures(ctx context.Context, resource bulk.Resource, run string, limit int) ([]bulk.Failure, error) {
	return pass(o, "Failures "+string(resource), func() ([]bulk.Failure, error) { return o.store.Failures(ctx, resource, run, limit) })
}
