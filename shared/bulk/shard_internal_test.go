package bulk

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// standing is a shard at page 4 that has done something before.
func standing(p Phase, jobs ...Job) Shard {
	return Shard{
		ShardKey: ShardKey{Resource: Customers, Run: "run-1", Index: 1}, Before: "c", Cursor: "a", Page: 4, Phase: p,
		Jobs: jobs, Counts: Counts{Read: 10, Sent: 7, Failed: 2, Skipped: 1}, UpdatedAt: noon().Add(-time.Minute),
	}
}

func TestAdvance(t *testing.T) {
	t.Parallel()

	old, fresh := Job{ID: "old"}, Job{ID: "fresh", Try: 1}
	counts, sum := Counts{Read: 100, Sent: 50, Failed: 30, Skipped: 20}, Counts{Read: 110, Sent: 57, Failed: 32, Skipped: 21}

	for name, c := range map[string]struct {
		before, want Shard
		page         Page
	}{
		"more to read": {
			before: standing(Reading),
			page:   Page{Cursor: "b", Counts: counts},
			want:   Shard{Cursor: "b", Phase: Reading, Counts: sum},
		},
		"more to read, with jobs": {
			before: standing(Reading, old),
			page:   Page{Cursor: "b", Jobs: []Job{fresh}},
			want:   Shard{Cursor: "b", Phase: Reading, Jobs: []Job{old, fresh}, Counts: standing(Reading).Counts},
		},
		"the end, with a job": {
			before: standing(Reading),
			page:   Page{Cursor: "b", End: true, Counts: counts, Jobs: []Job{fresh}},
			want:   Shard{Cursor: "b", Phase: Settling, Jobs: []Job{fresh}, Counts: sum},
		},
		"the end, with a job of an earlier page": {
			before: standing(Reading, old),
			page:   Page{Cursor: "a", End: true},
			want:   Shard{Cursor: "a", Phase: Settling, Jobs: []Job{old}, Counts: standing(Reading).Counts},
		},
		"the next page waits for the jobs": {
			before: standing(Reading),
			page:   Page{Cursor: "b", Jobs: []Job{fresh}, Settle: true},
			want:   Shard{Cursor: "b", Phase: Settling, Jobs: []Job{fresh}, Counts: standing(Reading).Counts},
		},
		"the next page has no jobs to wait for": {
			before: standing(Reading),
			page:   Page{Cursor: "b", Settle: true},
			want:   Shard{Cursor: "b", Phase: Reading, Counts: standing(Reading).Counts},
		},
		"the end, without a job": {
			before: standing(Reading),
			page:   Page{Cursor: "b", End: true, Counts: counts},
			want:   Shard{Cursor: "b", Phase: Ended, Counts: sum},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c.want.ShardKey, c.want.Before, c.want.From, c.want.Page, c.want.UpdatedAt = c.before.ShardKey, "c", "a", 5, noon()
			c.want.End = c.page.End
			c.want.Pass = Pass{StartedAt: noon().Add(-time.Second), Read: c.page.Read}
			turnOnce(t, c.before, c.want, func(s *Shard, page int) error { return s.advance(page, c.page, noon().Add(-time.Second), noon()) })
		})
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()

	one, two, again := Job{ID: "one"}, Job{ID: "two"}, Job{ID: "three", Try: 1}
	waiting := standing(Settling, one, two)
	waiting.Polls, waiting.End = 3, true

	for name, c := range map[string]struct {
		settled Settled
		want    Shard
	}{
		"in vain": {
			Settled{Pending: []Job{one, two}},
			Shard{Phase: Settling, Jobs: []Job{one, two}, Polls: 4, Counts: waiting.Counts},
		},
		"one has ended": {
			Settled{Pending: []Job{two}},
			Shard{Phase: Settling, Jobs: []Job{two}, Counts: waiting.Counts},
		},
		"another for what they refused": {
			Settled{Pending: []Job{again}, Failed: 2},
			Shard{Phase: Settling, Jobs: []Job{again}, Counts: Counts{Read: 10, Sent: 5, Failed: 4, Skipped: 1}},
		},
		"the same job at its next try": {
			Settled{Pending: []Job{{ID: "one", Try: 1}, two}},
			Shard{Phase: Settling, Jobs: []Job{{ID: "one", Try: 1}, two}, Counts: waiting.Counts},
		},
		"all have ended": {
			Settled{},
			Shard{Phase: Ended, Counts: waiting.Counts},
		},
		"all have ended, with failures": {
			Settled{Failed: 3},
			Shard{Phase: Ended, Counts: Counts{Read: 10, Sent: 4, Failed: 5, Skipped: 1}},
		},
		"all have ended, with some that are gone": {
			Settled{Failed: 1, Gone: 2},
			Shard{Phase: Ended, Counts: Counts{Read: 10, Sent: 4, Failed: 3, Skipped: 3}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c.want.ShardKey, c.want.Before, c.want.Cursor, c.want.Page, c.want.UpdatedAt = waiting.ShardKey, "c", "a", 5, noon()
			c.want.End = true
			turnOnce(t, waiting, c.want, func(s *Shard, page int) error { return s.settle(page, c.settled, noon()) })
		})
	}
}

// A shard that waits between its pages reads on when the jobs have ended.
func TestSettleInTheMiddle(t *testing.T) {
	t.Parallel()

	s := standing(Settling, Job{ID: "one"})
	if err := s.settle(4, Settled{}, noon()); err != nil || s.Phase != Reading || s.Cursor != "a" {
		t.Errorf("shard = %+v, error %v; want one that reads on behind a", s, err)
	}
}

// A range whose records may be overwritten is read again for what was modified since the first pass began.
func TestCatchUp(t *testing.T) {
	t.Parallel()

	s := standing(Reading)
	s.CatchUp, s.After, s.Cursor = true, "0", "0"
	began := []time.Time{noon(), noon().Add(time.Hour), noon().Add(2 * time.Hour)}

	for pass, began := range began {
		if s.Phase != Reading || s.Cursor != "0" || s.Pass.Number != pass {
			t.Fatalf("pass %d: shard = %+v, want one that reads from the begin", pass, s)
		}

		if pass > 0 && !s.Pass.Since.Equal(began.Add(-time.Hour-ClockSkew)) {
			t.Errorf("pass %d reads what was modified since %s", pass, s.Pass.Since)
		}

		if err := errors.Join(
			s.advance(s.Page, Page{Cursor: "a", Counts: Counts{Read: 1, Sent: 1}}, began, noon()),
			s.advance(s.Page, Page{Cursor: "b", End: true, Jobs: []Job{{ID: "j"}}}, began.Add(time.Minute), noon()),
			s.settle(s.Page, Settled{}, noon()),
		); err != nil {
			t.Fatal(err)
		}
	}

	if s.Phase != Ended {
		t.Errorf("after the last pass the shard is %s, want ended", s.Phase)
	}

	// What a pass has not read cannot be overwritten.
	s = standing(Reading)
	s.CatchUp = true

	if err := s.advance(4, Page{Cursor: "a", End: true}, noon(), noon()); err != nil || s.Phase != Ended {
		t.Errorf("after an empty pass the shard is %s, error %v; want ended", s.Phase, err)
	}
}

// A pass leaves out what those before have dealt with. What its own page has read is not left out when that is read again.
func TestStatesOfPasses(t *testing.T) {
	t.Parallel()

	s := standing(Reading)
	s.CatchUp = true

	read := func(recent ...State) {
		t.Helper()

		page := Page{Cursor: "b", End: true, Counts: Counts{Read: len(recent), Sent: len(recent)}, Recent: recent}
		if err := s.advance(s.Page, page, noon(), noon()); err != nil {
			t.Fatal(err)
		}
	}

	want := func(known ...State) {
		t.Helper()

		all := map[State]bool{}
		for _, state := range known {
			all[state] = true
		}

		if diff := cmp.Diff(all, s.Pass.Known.set()); diff != "" || s.Pass.Seen.count() != 0 {
			t.Errorf("known (-want +got), and %d seen:\n%s", s.Pass.Seen.count(), diff)
		}
	}

	old, changed := StateOf("a", 1), StateOf("a", 2)

	want()
	read(old, StateOf("b", 1))
	want(old, StateOf("b", 1))
	read(changed)
	want(old, StateOf("b", 1), changed)
	read()

	if s.Phase != Ended || s.Pass.Known != nil {
		t.Errorf("the shard is %s, and knows %d", s.Phase, s.Pass.Known.count())
	}

	s = standing(Reading)
	s.CatchUp = true

	read(make([]State, maxStates+1)...)
	read(old)

	if n := s.Pass.Known.count(); n != maxStates {
		t.Errorf("a shard knows %d states, want no more than %d", n, maxStates)
	}
}

func TestFail(t *testing.T) {
	t.Parallel()

	s := standing(Reading)

	var limits []int

	for !s.hopeless() {
		if err := s.fail(4, false, noon()); err != nil || s.Page != 4 {
			t.Fatalf("shard = %+v, error %v", s, err)
		}

		limits = append(limits, s.Limit)
	}

	if diff := cmp.Diff([]int{0, 0, 1000, 100, 10, 1, 1, 1, 1}, limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}

	if err := s.fail(3, false, noon()); !errors.Is(err, errPageDone) {
		t.Errorf("late attempt: error = %v, want errPageDone", err)
	}

	limits = nil

	for s.Limit > 0 {
		if err := s.advance(s.Page, Page{}, noon(), noon()); err != nil {
			t.Fatal(err)
		}

		limits = append(limits, s.Limit)
	}

	if diff := cmp.Diff([]int{10, 100, 1000, 0}, limits); diff != "" || s.Attempts != 0 {
		t.Errorf("%d attempts, and the limits after it (-want +got):\n%s", s.Attempts, diff)
	}
}

// A page that was left begun is made smaller as if it had failed, and has all its patience at each size.
func TestBegin(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		limit, attempts         int
		wantLimit, wantAttempts int
	}{
		"full size":     {0, 2, largestLimit, 0},
		"smaller":       {100, 2, 10, 0},
		"down to one":   {10, 2, 1, 0},
		"small already": {1, 2, 1, 2},
	} {
		s := Shard{Limit: tt.limit, Attempts: tt.attempts}
		for range 2 {
			if err := s.begin(0); err != nil {
				t.Fatal(err)
			}
		}

		if s.Limit != tt.wantLimit || s.Attempts != tt.wantAttempts {
			t.Errorf("%s: limit %d after %d attempts, want %d after %d", name, s.Limit, s.Attempts, tt.wantLimit, tt.wantAttempts)
		}
	}
}

func TestFailSettling(t *testing.T) {
	t.Parallel()

	s := standing(Settling, Job{ID: "one"})
	for i := 1; !s.hopeless(); i++ {
		if err := s.fail(4, false, noon()); err != nil || s.Limit != 0 || i > settlePatience {
			t.Fatalf("after %d attempts: shard = %+v, error %v", i, s, err)
		}
	}
}

// A page whose jobs can't be settled is read again and made smaller, as if nothing had been counted, until it is one record.
func TestRewind(t *testing.T) {
	t.Parallel()

	before := standing(Reading)
	s := before

	var sizes []int

	for size := 1000; !s.hopeless(); size = s.Limit {
		sizes = append(sizes, size)
		settling(t, &s, size)

		for page := s.Page; s.Page == page && !s.hopeless(); {
			if err := s.fail(page, false, noon()); err != nil {
				t.Fatal(err)
			}
		}

		if s.Phase == Reading && (s.Counts != before.Counts || s.Pass.Read != 0 || s.Cursor != "a" || s.End || len(s.Jobs) > 0) {
			t.Errorf("shard = %+v, want it as it was before the page", s)
		}
	}

	if diff := cmp.Diff([]int{1000, 100, 10, 1}, sizes); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
}

// settling reads a page, one of whose jobs has been settled, with failures.
func settling(t *testing.T, s *Shard, size int) {
	t.Helper()

	page := Page{
		Cursor: "b", End: true, Settle: true, Jobs: []Job{{ID: "one"}},
		Counts: Counts{Read: size, Sent: size - 1, Skipped: 1},
	}
	if err := errors.Join(
		s.advance(s.Page, page, noon(), noon()),
		s.settle(s.Page, Settled{Pending: []Job{{ID: "two"}}, Failed: size - size/2 - 1, Gone: size / 2}, noon()),
	); err != nil {
		t.Fatal(err)
	}
}

// Pages stay small up to where the trouble was, and grow behind it.
func TestDoubt(t *testing.T) {
	t.Parallel()

	s := Shard{Phase: Settling, Cursor: "m", Last: Counts{Read: 1000}, Attempts: patience - 1}
	if err := s.fail(0, false, noon()); err != nil {
		t.Fatal(err)
	}

	limits := map[string]int{}

	for _, cursor := range []string{"a", "b", "m", "n"} {
		if err := s.advance(s.Page, Page{Cursor: cursor, Settle: true}, noon(), noon()); err != nil {
			t.Fatal(err)
		}

		limits[cursor] = s.Limit
	}

	if diff := cmp.Diff(map[string]int{"a": 100, "b": 100, "m": 1000, "n": 0}, limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
}

// turnOnce delivers a task of page 4 twice, and tasks of other pages besides: only the first delivery changes something.
func turnOnce(t *testing.T, before, want Shard, turn func(*Shard, int) error) {
	t.Helper()

	s := before
	s.Jobs = slices.Clone(before.Jobs)

	for _, page := range []int{0, 3, 5} {
		if err := turn(&s, page); !errors.Is(err, errPageDone) {
			t.Errorf("page %d: error = %v, want errPageDone", page, err)
		}

		wantShard(t, s, before)
	}

	if err := turn(&s, 4); err != nil {
		t.Error(err)
	}

	wantShard(t, s, want)

	if err := turn(&s, 4); !errors.Is(err, errPageDone) {
		t.Errorf("second delivery: error = %v, want errPageDone", err)
	}

	wantShard(t, s, want)
}

func wantShard(t *testing.T, got, want Shard) {
	t.Helper()

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("shard (-want +got):\n%s", diff)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()

	for _, p := range []Phase{Reading, Ended} {
		if s := (Shard{Phase: p, Polls: 3}); s.pause() != 0 {
			t.Errorf("pause while %s = %s, want none", p, s.pause())
		}
	}

	for polls, want := range []time.Duration{
		time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second,
		30 * time.Second, 30 * time.Second,
	} {
		if s := (Shard{Phase: Settling, Polls: polls}); s.pause() != want {
			t.Errorf("pause after %d polls = %s, want %s", polls, s.pause(), want)
		}
	}

	if s := (Shard{Phase: Settling, Polls: 1_000_000}); s.pause() != 30*time.Second {
		t.Errorf("pause after a million polls = %s, want 30s", s.pause())
	}
}

// TestSplit: every id is in exactly one range.
func TestSplit(t *testing.T) {
	t.Parallel()

	const run = "run-1"

	for n := 1; n <= maxShards; n++ {
		shards := Split(Run{ID: run, Resource: Customers, Plan: Plan{Shards: n}})
		if len(shards) != n {
			t.Fatalf("%d shards, want %d", len(shards), n)
		}

		for i, s := range shards {
			if s.ShardKey != (ShardKey{Resource: Customers, Run: run, Index: i}) || s.Phase != Reading || s.Page != 0 {
				t.Errorf("shard %d of %d = %+v, want one that begins to read", i, n, s)
			}
		}

		for high := range 1 << 8 {
			id := fmt.Sprintf("%02xffffff-ffff-4fff-bfff-ffffffffffff", high)
			if within := slices.DeleteFunc(slices.Clone(shards), lacks(id)); len(within) != 1 {
				t.Errorf("id %s is in %d of %d ranges, want 1", id, len(within), n)
			}
		}
	}
}

// lacks tells whether an id is outside of a shard's range.
func lacks(id string) func(Shard) bool {
	return func(s Shard) bool { return id <= s.Cursor || (s.Before != "" && id >= s.Before) }
}
