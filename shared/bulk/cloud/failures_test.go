package cloud

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/logging"
)

// A whole Klaviyo batch is refused, each record with a reason that is too long.
func TestFailureDocuments(t *testing.T) {
	t.Parallel()

	const n, commit = 10_000, 10 << 20

	want, given := make([]bulk.Failure, n), make([]bulk.Failure, n)
	for i := range n {
		f := bulk.Failure{ID: fmt.Sprintf("%036d", i), Code: strings.Repeat("c", maxPlace), Pointer: strings.Repeat("p", maxPlace)}
		f.Reason = strings.Repeat("ü", maxReason)
		given[i] = f
		f.Reason = logging.Shorten(f.Reason, maxReason)
		want[i] = f
	}

	docs, err := newFailureDocuments(
		bulk.Shard{ShardKey: bulk.ShardKey{Run: "run", Index: 3}, Page: 12}, given, time.UnixMicro(1_700_000_000_000_001))
	if err != nil {
		t.Fatal(err)
	}

	if key := docs[0].Key; key != "run-1700000000000001-0003-000012-0000" {
		t.Errorf("key = %s", key)
	}

	if !slices.IsSortedFunc(docs, func(a, b failureDocument) int { return strings.Compare(a.Key, b.Key) }) {
		t.Error("the keys are not in the order of the failures")
	}

	var (
		got  []bulk.Failure
		size int
	)

	for _, d := range docs {
		if len(d.Failures) > maxChunk {
			t.Errorf("document %s has %d bytes, want at most %d", d.Key, len(d.Failures), maxChunk)
		}

		part, err := d.failures()
		if err != nil {
			t.Fatal(err)
		}

		size += len(d.Failures)
		got = append(got, part...)
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}

	if size > commit*8/10 {
		t.Errorf("a batch takes %d bytes, too near the %d of a commit", size, commit)
	}
}

// A document of more than 1 MiB would end the whole run.
func TestLongFailure(t *testing.T) {
	t.Parallel()

	long := strings.Repeat("<", 1<<20)

	docs, err := newFailureDocuments(
		bulk.Shard{}, []bulk.Failure{{ID: "1", Reason: long, Code: long, Pointer: long}, {ID: "2"}}, time.UnixMicro(0))
	if err != nil || len(docs) != 1 || len(docs[0].Failures) > maxChunk {
		t.Fatalf("%d documents, error %v; want one of at most %d bytes", len(docs), err, maxChunk)
	}

	got, err := docs[0].failures()
	want := []bulk.Failure{
		{ID: "1", Reason: logging.Shorten(long, maxReason), Code: logging.Shorten(long, maxPlace), Pointer: logging.Shorten(long, maxPlace)}, {ID: "2"},
	}

	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("failures (-want +got):\n%s%v", diff, err)
	}
}

func TestNoFailures(t *testing.T) {
	t.Parallel()

	docs, err := newFailureDocuments(bulk.Shard{}, nil, time.UnixMicro(0))
	if err != nil || len(docs) != 0 {
		t.Errorf("%d documents, %v; want none", len(docs), err)
	}
}
