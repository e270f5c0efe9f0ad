package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMisspelt: a name is misspelt unless a setting or a library has it.
func TestMisspelt(t *testing.T) {
	t.Parallel()

	names := slices.Sorted(maps.Keys(settingsOfCode(t)))
	names = append(names, "GOOGLE_APPLICATION_CREDENTIALS", "PUBSUB_EMULATOR_HOST", "HTTPS_PROXY", "no_proxy", "CT_API_CLENT", "PREFERRED_LOCAL", "NODE_ENV")

	if diff := cmp.Diff([]string{"CT_API_CLENT", "PREFERRED_LOCAL", "NODE_ENV"}, misspelt(names)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
