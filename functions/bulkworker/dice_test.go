package bulkworker_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dice are rolled for something, named by a key. What they show for it for the first time, the second and so on is up to the
// seed alone, and not to what else happens meanwhile. The zero value has the seed 0.
type dice struct {
	seed uint64

	mu     sync.Mutex
	rolled map[string]int
}

// roll is a number from 0 to n-1.
func (d *dice) roll(key string, n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()

	if d.rolled == nil {
		d.rolled = map[string]int{}
	}

	d.rolled[key]++

	hash := fnv.New64a()
	fmt.Fprint(hash, d.rolled[key], " ", key)

	return rand.New(rand.NewPCG(d.seed, hash.Sum64())).IntN(n)
}

// What is rolled for one key doesn't depend on what is rolled for others.
func TestDiceRepeat(t *testing.T) {
	t.Parallel()

	const times = 1000

	alone, among, other := dice{seed: 1}, dice{seed: 1}, dice{seed: 2}

	var want, got, otherwise [times]int

	for i := range times {
		want[i] = alone.roll("a", 100)
		among.roll("b", 100)
		got[i] = among.roll("a", 100)
		otherwise[i] = other.roll("a", 100)
	}

	if diff := cmp.Diff(want, got); diff != "" || want == otherwise {
		t.Errorf("another seed shows the same: %t; among others (-want +got):\n%s", want == otherwise, diff)
	}

	few := 0

	for _, n := range got {
		if n < 30 {
			few++
		}
	}

	if few < times/4 || few > times*7/20 {
		t.Errorf("%d of %d are among the lowest 30 in 100", few, times)
	}
}
