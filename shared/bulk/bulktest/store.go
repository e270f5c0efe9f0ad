// Package bulktest holds the conformance suite that every bulk.Store passes, and what tests of imports run on.
package bulktest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// Racers is how many starts compete in the suite.
const Racers = 200

// Store runs the suite; each test gets an empty store from open.
func Store(t *testing.T, open func(*testing.T) bulk.Store) {
	t.Helper()

	for name, test := range map[string]func(*testing.T, bulk.Store){
		"a run that never was":           noRun,
		"a run is kept whole":            runIsKept,
		"an error writes nothing":        errorWritesNothing,
		"one of many racers wins":        racers,
		"one wins after an ended run":    racersAfterARun,
		"shards are kept whole":          shardsAreKept,
		"existing shards stay":           existingShardsStay,
		"failures come with their shard": failuresWithShard,
		"many failures at once":          manyFailures,
		"racing updates of a shard":      racingUpdates,
		"a new run starts clean":         newRunIsClean,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// now is in microseconds and UTC, the precision that every store keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func start(t *testing.T, s bulk.Store, id string, o bulk.Options) bulk.Run {
	t.Helper()

	run, err := s.UpdateRun(t.Context(), bulk.Customers, func(r *bulk.Run) error { return r.Start(id, o, now()) })
	if err != nil {
		t.Fatalf("starting %s: %v", id, err)
	}

	return run
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func noRun(t *testing.T, s bulk.Store) {
	t.Helper()

	run, err := s.Run(t.Context(), bulk.Customers)
	if err != nil {
		t.Fatal(err)
	}

	equal(t, "run", run, bulk.Run{Resource: bulk.Customers})
}

func runIsKept(t *testing.T, s bulk.Store) {
	t.Helper()

	at := now()
	want := bulk.Run{
		ID: "run-1", Resource: bulk.Customers, Epoch: 7, Status: bulk.Failed, Reason: "no luck",
		Options: bulk.Options{
			IDs: []string{"a", "b"}, Since: at.Add(-time.Hour), StartID: "c", DryRun: true,
			DeleteAll: true, ConfirmDeletion: "customers",
		},
		Plan:      bulk.Plan{Total: 10, Shards: 2, CatchUp: true},
		StartedAt: at.Add(-time.Minute), FinishedAt: at, LeaseUntil: at.Add(time.Minute),
	}
	filled(t, "run", reflect.ValueOf(want))

	if _, err := s.UpdateRun(t.Context(), bulk.Customers, func(r *bulk.Run) error { *r = want; return nil }); err != nil {
		t.Fatal(err)
	}

	got, err := s.Run(t.Context(), bulk.Customers)
	if err != nil {
		t.Fatal(err)
	}

	equal(t, "run", got, want)
}

// filled checks that no field of a fixture is zero: a store that forgets it would not be found out.
func filled(t *testing.T, path string, v reflect.Value) {
	t.Helper()

	if v.IsZero() {
		t.Errorf("the suite's %s is zero", path)
	}

	switch _, isTime := reflect.TypeAssert[time.Time](v); {
	case isTime:
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			filled(t, path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			filled(t, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	}
}

func errorWritesNothing(t *testing.T, s bulk.Store) {
	t.Helper()

	before := start(t, s, "run-1", bulk.Options{})
	refusal := errors.New("refused")

	_, err := s.UpdateRun(t.Context(), bulk.Customers, func(r *bulk.Run) error {
		r.Reason = "changed"

		return refusal
	})
	if !errors.Is(err, refusal) {
		t.Errorf("error = %v, want the change's own", err)
	}

	after, err := s.Run(t.Context(), bulk.Customers)
	if err != nil {
		t.Fatal(err)
	}

	equal(t, "run", after, before)
}

func racers(t *testing.T, s bulk.Store) {
	t.Helper()

	var (
		won, held, other atomic.Int64
		racing           sync.WaitGroup
	)

	for i := range Racers {
		racing.Go(func() {
			_, err := s.UpdateRun(t.Context(), bulk.Customers, func(r *bulk.Run) error {
				return r.Start(fmt.Sprintf("run-%d", i), bulk.Options{}, now())
			})

			running, ok := errors.AsType[*bulk.RunningError](err)

			switch {
			case err == nil:
				won.Add(1)
			case ok && strings.HasPrefix(running.ID, "run-"):
				held.Add(1)
			default:
				other.Add(1)
				t.Log(err)
			}
		})
	}

	racing.Wait()

	if won.Load() != 1 || held.Load() != Racers-1 {
		t.Errorf("won %d, held %d, other %d; want 1, %d, 0", won.Load(), held.Load(), other.Load(), Racers-1)
	}
}

// racersAfterARun find the lock document of an ended run, where the others have to create it.
func racersAfterARun(t *testing.T, s bulk.Store) {
	t.Helper()

	start(t, s, "before", bulk.Options{})

	if _, err := s.UpdateRun(t.Context(), bulk.Customers, func(r *bulk.Run) error { return r.Stop(now()) }); err != nil {
		t.Fatal(err)
	}

	racers(t, s)

	run, err := s.Run(t.Context(), bulk.Customers)
	if err != nil || run.Epoch != 2 {
		t.Errorf("epoch %d, %v; want 2: only one start was written", run.Epoch, err)
	}
}

// shards returns the shards of run-1 as it begins.
func shards(n int) []bulk.Shard {
	return bulk.Split(bulk.Run{ID: "run-1", Resource: bulk.Customers, Plan: bulk.Plan{Shards: n, CatchUp: true}})
}

func shardsAreKept(t *testing.T, s bulk.Store) {
	t.Helper()

	at := now()
	want := shards(12)
	want[7] = bulk.Shard{
		ShardKey: want[7].ShardKey, After: "a", Before: "f", From: "b", Cursor: "c", End: true, Page: 3, Phase: bulk.Settling,
		Jobs:  []bulk.Job{{ID: "job", Kind: "create", Rows: 2, Try: 1, Refs: []string{"a", "b"}, Ended: true}},
		Polls: 4, Attempts: 5, Limit: 6, CatchUp: true, Doubt: "d",
		Pass:   bulk.Pass{Number: 1, Since: at.Add(-time.Hour), StartedAt: at.Add(-time.Minute), Read: 7, Known: bulk.States("12345678"), Seen: bulk.States("87654321")},
		Last:   bulk.Counts{Read: 10, Sent: 4, Failed: 5, Skipped: 1},
		Counts: bulk.Counts{Read: 20, Sent: 11, Failed: 6, Skipped: 3}, UpdatedAt: at, TroubleSince: at.Add(-time.Second), Begun: true,
	}
	filled(t, "shard", reflect.ValueOf(want[7]))

	if err := s.CreateShards(t.Context(), want); err != nil {
		t.Fatal(err)
	}

	got, err := s.Shards(t.Context(), bulk.Customers, "run-1")
	if err != nil {
		t.Fatal(err)
	}

	equal(t, "shards", got, want)

	one, err := s.Shard(t.Context(), want[7].ShardKey)
	if err != nil {
		t.Fatal(err)
	}

	equal(t, "shard", one, want[7])

	if _, err := s.Shard(t.Context(), bulk.ShardKey{Resource: bulk.Customers, Run: "run-1", Index: 12}); err == nil {
		t.Error("a shard that does not exist was found")
	}
}

func existingShardsStay(t *testing.T, s bulk.Store) {
	t.Helper()

	shards := shards(3)
	if err := s.CreateShards(t.Context(), shards[:2]); err != nil {
		t.Fatal(err)
	}

	if _, err := s.UpdateShard(t.Context(), shards[1].ShardKey, nil, func(s *bulk.Shard) error { s.Page = 5; return nil }); err != nil {
		t.Fatal(err)
	}

	if err := s.CreateShards(t.Context(), shards); err != nil {
		t.Fatal(err)
	}

	got, err := s.Shards(t.Context(), bulk.Customers, "run-1")
	if err != nil {
		t.Fatal(err)
	}

	if len(got) != 3 || got[1].Page != 5 {
		t.Errorf("shards = %+v, want 3, the second at page 5", got)
	}
}

func failuresWithShard(t *testing.T, s bulk.Store) {
	t.Helper()

	start(t, s, "run-1", bulk.Options{})

	key := bulk.ShardKey{Resource: bulk.Customers, Run: "run-1"}
	if err := s.CreateShards(t.Context(), shards(1)); err != nil {
		t.Fatal(err)
	}

	one := bulk.Failure{ID: "1", Reason: "first", Code: "invalid", Pointer: "/data"}
	two := bulk.Failure{ID: "2", Reason: "second"}
	page := func(s *bulk.Shard) error { s.Page++; return nil }
	refusal := errors.New("refused")

	for _, f := range []bulk.Failure{one, two} {
		if _, err := s.UpdateShard(t.Context(), key, []bulk.Failure{f}, page); err != nil {
			t.Fatal(err)
		}
	}

	_, err := s.UpdateShard(t.Context(), key, []bulk.Failure{{ID: "3"}}, func(*bulk.Shard) error { return refusal })
	if !errors.Is(err, refusal) {
		t.Errorf("error = %v, want the change's own", err)
	}

	got, err := s.Failures(t.Context(), bulk.Customers, "run-1", 10)
	if err != nil {
		t.Fatal(err)
	}

	equal(t, "failures, last first", got, []bulk.Failure{two, one})

	got, err = s.Failures(t.Context(), bulk.Customers, "run-1", 1)
	if err != nil {
		t.Fatal(err)
	}

	equal(t, "the last failure", got, []bulk.Failure{two})
}

// manyFailures is a whole Klaviyo batch refused, each with a long reason: more than one Firestore document holds.
func manyFailures(t *testing.T, s bulk.Store) {
	t.Helper()

	const n = 10_000

	start(t, s, "run-1", bulk.Options{})

	if err := s.CreateShards(t.Context(), shards(1)); err != nil {
		t.Fatal(err)
	}

	failures := make([]bulk.Failure, n)
	for i := range failures {
		failures[i] = bulk.Failure{ID: fmt.Sprintf("%036d", i), Reason: strings.Repeat("r", 200)}
	}

	key := bulk.ShardKey{Resource: bulk.Customers, Run: "run-1"}
	if _, err := s.UpdateShard(t.Context(), key, failures, func(s *bulk.Shard) error { s.Page++; return nil }); err != nil {
		t.Fatal(err)
	}

	got, err := s.Failures(t.Context(), bulk.Customers, "run-1", 1000)
	if err != nil {
		t.Fatal(err)
	}

	if len(got) != 1000 || got[0] != failures[n-1] || got[999] != failures[n-1000] {
		t.Errorf("got %d failures, the first %+v; want the last 1000, last first", len(got), got[0])
	}
}

// racingUpdates change one shard at once: none is lost, and each brings its failure.
func racingUpdates(t *testing.T, s bulk.Store) {
	t.Helper()

	const writers = 8

	key := bulk.ShardKey{Resource: bulk.Customers, Run: "run-1"}
	if err := s.CreateShards(t.Context(), shards(1)); err != nil {
		t.Fatal(err)
	}

	var racing sync.WaitGroup

	for i := range writers {
		racing.Go(func() {
			failures := []bulk.Failure{{ID: fmt.Sprint(i)}}

			_, err := s.UpdateShard(t.Context(), key, failures, func(s *bulk.Shard) error { s.Read++; return nil })
			if err != nil {
				t.Error(err)
			}
		})
	}

	racing.Wait()

	shard, err := s.Shard(t.Context(), key)
	if err != nil || shard.Read != writers {
		t.Errorf("read = %d, %v; want %d", shard.Read, err, writers)
	}

	failures, err := s.Failures(t.Context(), bulk.Customers, "run-1", 100)
	if err != nil {
		t.Fatal(err)
	}

	ids := map[string]bool{}
	for _, f := range failures {
		ids[f.ID] = true
	}

	if len(failures) != writers || len(ids) != writers {
		t.Errorf("failures = %v, want each of %d once", failures, writers)
	}
}

func newRunIsClean(t *testing.T, s bulk.Store) {
	t.Helper()

	start(t, s, "run-1", bulk.Options{DryRun: true})

	if err := s.CreateShards(t.Context(), shards(2)); err != nil {
		t.Fatal(err)
	}

	if _, err := s.UpdateRun(t.Context(), bulk.Customers, func(r *bulk.Run) error { return r.Stop(now()) }); err != nil {
		t.Fatal(err)
	}

	run := start(t, s, "run-2", bulk.Options{})
	if run.Epoch != 2 || run.Options.DryRun || !run.FinishedAt.IsZero() {
		t.Errorf("run = %+v, want epoch 2 and nothing of the run before", run)
	}

	shards, err := s.Shards(t.Context(), bulk.Customers, "run-2")
	if err != nil {
		t.Fatal(err)
	}

	if len(shards) != 0 {
		t.Errorf("shards = %+v, want none", shards)
	}
}
