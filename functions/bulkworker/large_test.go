package bulkworker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// Pages that are too large for an answer are asked for again with fewer records, without anything being given up, and the
// next one begins with what has fitted.
func TestLargeRecords(t *testing.T) {
	t.Parallel()

	const n, requests = 10, 7 + 2 // of 500, 250, … 7 records; of the rest, and the total

	for name, o := range map[string]bulk.Options{"all": {}, "ids": {IDs: ids(n)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			blob := strings.Repeat("x", 2<<20)

			for i := range n {
				s.ct.Put("categories", []byte(fmt.Sprintf(`{"id":%q,"version":1,"createdAt":"2024-01-01T00:00:00Z",
					"lastModifiedAt":"2024-01-01T00:00:00Z","name":{"en-US":"C"},"ancestors":[],"blob":%q}`, idOf(i), blob)))
			}

			o.DryRun = true
			want(t, s.importing(t, bulk.Categories, o), bulk.Counts{Read: n, Sent: n})

			if got := s.counted("GET /demo/categories"); got > requests {
				t.Errorf("%d requests, want at most %d", got, requests)
			}
		})
	}
}

func ids(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = idOf(i)
	}

	return all
}
