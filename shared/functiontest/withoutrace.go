//go:build !race

package functiontest

import "testing"

// NotWithRace skips a test that takes minutes with the race detector. make soak, which is a part of make check, runs it without.
func NotWithRace(*testing.T) {}
