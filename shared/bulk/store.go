package bulk

import (
	"context"
	"time"
)

// Store keeps the documents. Each write is one atomic step: UpdateRun and UpdateShard read the document, let change
// have it, and write it only if nobody else has in the meantime; otherwise they begin again. An error of change is
// returned as it is, and nothing is written.
type Store interface {
	// Run returns the lock document; a zero Run (with its Resource) when there never was one.
	Run(ctx context.Context, resource Resource) (Run, error)
	UpdateRun(ctx context.Context, resource Resource, change func(*Run) error) (Run, error)
	// CreateShards creates the shards that do not exist yet, and leaves the others as they are.
	CreateShards(ctx context.Context, shards []Shard) error
	Shard(ctx context.Context, key ShardKey) (Shard, error)
	// Shards returns all shards of a run, by index.
	Shards(ctx context.Context, resource Resource, run string) ([]Shard, error)
	// UpdateShard stores failures in the same step.
	UpdateShard(ctx context.Context, key ShardKey, failures []Failure, change func(*Shard) error) (Shard, error)
	// Failures returns at most limit failures of a run, the last recorded first.
	Failures(ctx context.Context, resource Resource, run string, limit int) ([]Failure, error)
}

// Queue delivers each task to BulkWorker until it answers with success: Cloud Tasks or its embedded twin. A task whose
// name the queue has seen is not delivered again; that is success, too.
type Queue interface {
	Enqueue(ctx context.Context, t Task, after time.Duration) error
}
