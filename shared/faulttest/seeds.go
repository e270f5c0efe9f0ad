package faulttest

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Seeds are those that a test tries: the environment's SEED alone, else as many as SEEDS says, or usual of them without it. A
// random one comes first, and then 1, 2, and so on.
func Seeds(tb testing.TB, usual uint64) []uint64 {
	tb.Helper()

	if seed := Number(tb, "SEED", 0); seed != 0 {
		return []uint64{seed}
	}

	seeds := []uint64{1 + rand.Uint64N(math.MaxUint64)}
	for seed := range Number(tb, "SEEDS", usual) - 1 {
		seeds = append(seeds, seed+1)
	}

	return seeds
}

// Number is the number of an environment variable, from 1 on, or the usual one when it is empty. It ends the test for any
// other text.
func Number(tb testing.TB, variable string, usual uint64) uint64 {
	tb.Helper()

	text := os.Getenv(variable) //nolint:forbidigo // it is no setting of the project's
	if text == "" {
		return usual
	}

	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		tb.Fatalf("%s=%q is no number from 1 on", variable, text)
	}

	return n
}
