package faulttest

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"sync"
)

// Dice decides what goes wrong, by a seed. What is decided about a thing depends on the seed, on the thing, and on how often
// it was decided before; not on what is decided about others, nor on which goroutine asks first. So with the same seed the
// same request meets the same faults, in every process. It is safe for concurrent use.
type Dice struct {
	seed uint64

	mu    sync.Mutex
	rolls map[uint64]uint64
}

// NewDice returns the dice of a seed.
func NewDice(seed uint64) *Dice { return &Dice{seed: seed, rolls: map[uint64]uint64{}} }

// Roll returns the numbers for the next decision about a thing, as many as it takes. They are for one goroutine.
func (d *Dice) Roll(about string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(about))
	thing := h.Sum64()

	d.mu.Lock()
	n := d.rolls[thing]
	d.rolls[thing]++
	d.mu.Unlock()

	var nth [8]byte

	binary.LittleEndian.PutUint64(nth[:], n)
	_, _ = h.Write(nth[:])

	return rand.New(rand.NewPCG(d.seed, h.Sum64()))
}
