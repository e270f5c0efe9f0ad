package functiontest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Samples reads a page of sample resources, such as "categories". Without the samples it skips the test, or fails it when
// CI is set.
func Samples(t *testing.T, name string) []json.RawMessage {
	t.Helper()

	var page struct {
		Results []json.RawMessage `json:"results"`
	}

	read(t, name+".json", &page)

	return page.Results
}

// SampleMessage reads a sample message, such as "CategoryCreated" or "category ResourceUpdated".
func SampleMessage(t *testing.T, name string) json.RawMessage {
	t.Helper()

	var all map[string]json.RawMessage

	read(t, "messages.json", &all)

	if all[name] == nil {
		t.Fatalf("there is no sample message %q", name)
	}

	return all[name]
}

func read(t *testing.T, file string, into any) {
	t.Helper()

	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}

	for _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil; _, err = os.Stat(filepath.Join(root, "go.mod")) {
		if root == filepath.Dir(root) {
			t.Fatal("there is no go.mod above the test")
		}

		root = filepath.Dir(root)
	}

	data, err := os.ReadFile(filepath.Join(root, "..", "shared", "samples", file)) //nolint:gosec // a test names it
	if err != nil {
		t.Skip("the samples are not in ../shared/samples")
	}

	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}
