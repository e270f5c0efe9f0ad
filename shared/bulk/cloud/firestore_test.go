package cloud_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/bulk/cloud"
	"github.com/ctklaviyo/connector/shared/bulk/cloudtest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	bulktest.Store(t, func(t *testing.T) bulk.Store {
		t.Helper()
		return cloud.NewStore(cloudtest.Database(t, cloudtest.Project()))
	})
}

// loseOnce cuts the first commit's answer off, after the server has made it; the client then commits again.
func loseOnce() grpc.UnaryClientInterceptor {
	var lost atomic.Bool

	return func(
		ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		err := invoke(ctx, method, req, reply, cc, opts...)
		if err == nil && strings.HasSuffix(method, "/Commit") && lost.CompareAndSwap(false, true) {
			return status.Error(codes.Unavailable, "connection reset")
		}

		return err
	}
}

// A start whose answer was lost must not meet its own run as somebody else's: nobody would ever enqueue its first task.
func TestLostAnswer(t *testing.T) {
	t.Parallel()

	store := cloud.NewStore(cloudtest.Database(t, cloudtest.Project(), grpc.WithUnaryInterceptor(loseOnce())))

	run, err := store.UpdateRun(t.Context(), bulk.Customers, func(r *bulk.Run) error {
		return r.Start("mine", bulk.Options{DryRun: true}, time.Now())
	})
	if err != nil || run.ID != "mine" || run.Epoch != 1 || !run.Options.DryRun {
		t.Errorf("run = %+v, %v; want mine, once", run, err)
	}
}

// What Terraform's TTL policies, and people in the console, rely on.
func TestStoredForm(t *testing.T) {
	t.Parallel()

	client := cloudtest.Database(t, cloudtest.Project())
	store := cloud.NewStore(client)
	now := time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC)
	key := bulk.ShardKey{Resource: bulk.Customers, Run: "r1", Index: 7}

	if _, err := store.UpdateRun(t.Context(), bulk.Customers, func(r *bulk.Run) error {
		return r.Start("r1", bulk.Options{IDs: []string{"a", "b"}}, now)
	}); err != nil {
		t.Fatal(err)
	}

	if err := store.CreateShards(t.Context(), []bulk.Shard{{ShardKey: key, Before: "b", Phase: bulk.Reading}}); err != nil {
		t.Fatal(err)
	}

	failure := bulk.Failure{ID: "a1", Reason: "bad\xff", Code: "invalid", Pointer: "/data"}
	if _, err := store.UpdateShard(t.Context(), key, []bulk.Failure{failure}, func(s *bulk.Shard) error {
		s.Page, s.Cursor, s.Jobs, s.Counts, s.UpdatedAt = 1, "a9", []bulk.Job{{ID: "j", Try: 1}}, bulk.Counts{Read: 2, Sent: 1, Failed: 1}, now

		return nil
	}); err != nil {
		t.Fatal(err)
	}

	micros := now.Truncate(time.Microsecond)

	for path, want := range map[string]map[string]any{
		"sync/customers": {"run": map[string]any{
			"id": "r1", "epoch": int64(1), "status": "running", "options": `{"ids":["a","b"]}`, "total": int64(0), "shards": int64(0), "catchUp": false,
			"startedAt": micros, "leaseUntil": micros.Add(5 * time.Minute), // it has not begun
		}},
		"sync/customers/shards/r1-0007": {"shard": map[string]any{
			"run": "r1", "index": int64(7), "after": "", "before": "b", "from": "", "cursor": "a9", "end": false,
			"page": int64(1), "phase": "reading", "jobs": []any{map[string]any{"id": "j", "rows": int64(0), "try": int64(1)}}, "polls": int64(0),
			"attempts": int64(0), "limit": int64(0), "catchUp": false, "pass": map[string]any{"number": int64(0), "read": int64(0)},
			"last": map[string]any{"read": int64(0), "sent": int64(0), "failed": int64(0), "skipped": int64(0)}, "doubt": "",
			"read": int64(2), "sent": int64(1), "failed": int64(1), "skipped": int64(0), "updatedAt": micros,
		}},
		"sync/customers/failures": {
			"failures": `[{"id":"a1","reason":"bad\ufffd","code":"invalid","pointer":"/data"}]`,
		},
	} {
		got := raw(t, client, path)
		delete(got, "write")
		delete(got, "key")

		if expire, ok := got["expireAt"].(time.Time); path != "sync/customers" && (!ok || time.Until(expire).Round(24*time.Hour) != 30*24*time.Hour) {
			t.Errorf("%s: expireAt = %v, want 30 days from now", path, got["expireAt"])
		}

		delete(got, "expireAt")

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// raw returns the fields of a document, or of the only one in a collection.
func raw(t *testing.T, client *firestore.Client, path string) map[string]any {
	t.Helper()

	if doc := client.Doc(path); doc != nil {
		snap, err := doc.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}

		return snap.Data()
	}

	snaps, err := client.Collection(path).Documents(t.Context()).GetAll()
	if err != nil || len(snaps) != 1 {
		t.Fatalf("%s: %d documents, %v; want 1", path, len(snaps), err)
	}

	return snaps[0].Data()
}

// What Firestore will never take ends the run, and is not repeated for ever.
func TestTooLarge(t *testing.T) {
	t.Parallel()

	store := cloud.NewStore(cloudtest.Database(t, cloudtest.Project()))
	key := bulk.ShardKey{Resource: bulk.Customers, Run: "r1"}

	if err := store.CreateShards(t.Context(), []bulk.Shard{{ShardKey: key, Phase: bulk.Reading}}); err != nil {
		t.Fatal(err)
	}

	_, err := store.UpdateShard(t.Context(), key, nil, func(s *bulk.Shard) error {
		s.Cursor = strings.Repeat("x", 2<<20)

		return nil
	})
	if _, ok := errors.AsType[*bulk.FatalError](err); !ok {
		t.Errorf("error = %.200v, want a FatalError", err)
	}
}
