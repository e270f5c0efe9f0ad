package faulttest_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/faulttest"
)

// rolls are the first decisions about a few things, each by a goroutine of its own.
func rolls(seed uint64) map[string][]int {
	d := faulttest.NewDice(seed)
	all := map[string][]int{}

	var (
		mu    sync.Mutex
		group sync.WaitGroup
	)

	for i := range 20 {
		group.Go(func() {
			about := fmt.Sprint("GET /", i)

			for range 50 {
				n := d.Roll(about).IntN(100)

				mu.Lock()
				all[about] = append(all[about], n)
				mu.Unlock()
			}
		})
	}

	group.Wait()

	return all
}

func TestDice(t *testing.T) {
	t.Parallel()

	first := rolls(1)
	if diff := cmp.Diff(first, rolls(1)); diff != "" {
		t.Errorf("the same seed gives others (-first +second):\n%s", diff)
	}

	if cmp.Equal(first, rolls(2)) {
		t.Error("another seed gives the same")
	}

	if cmp.Equal(first["GET /1"], first["GET /2"]) {
		t.Error("another thing meets the same")
	}

	low := 0

	for _, all := range first {
		for _, n := range all {
			if n < 30 {
				low++
			}
		}
	}

	if low < 250 || low > 350 {
		t.Errorf("%d of 1000 are below 30 of 100", low)
	}
}

// The numbers are the same in another process, and on another machine.
func TestDiceStays(t *testing.T) {
	t.Parallel()

	d := faulttest.NewDice(17)

	var got []int
	for range 5 {
		got = append(got, d.Roll("GET /").IntN(1000))
	}

	if diff := cmp.Diff([]int{315, 419, 249, 465, 75}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
