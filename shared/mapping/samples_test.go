package mapping_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// samples reads a page of sample resources from shared/samples beside the repository. Without them it skips the test.
func samples(tb testing.TB, name string) []json.RawMessage {
	tb.Helper()

	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "samples", name))
	if err != nil {
		tb.Skip("the samples are not in ../shared/samples")
	}

	var page struct {
		Results []json.RawMessage `json:"results"`
	}

	if err := json.Unmarshal(data, &page); err != nil {
		tb.Fatal(err)
	}

	if len(page.Results) == 0 {
		tb.Fatalf("%s has no results", name)
	}

	return page.Results
}
