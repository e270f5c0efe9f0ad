package embedded_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
)

func TestStore(t *testing.T) {
	t.Parallel()
	bulktest.Store(t, func(t *testing.T) bulk.Store { t.Helper(); return bulktest.NewStore(t) })
}

func TestOpenTwice(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "state.db")

	first, err := embedded.Open(path)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = first.Close() })

	if _, err := embedded.Open(path); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("error = %v, want that the file is in use", err)
	}
}

func TestOpenCutOff(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "state.db")

	whole, err := embedded.Open(path)
	if err != nil {
		t.Fatal(err)
	}

	if err := whole.Close(); err != nil {
		t.Fatal(err)
	}

	file, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}

	for size := file.Size() / 2; size > 0; size /= 2 {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}

		if _, err := embedded.Open(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("of %d bytes: error = %v, want one that names the file", size, err)
		}
	}
}
