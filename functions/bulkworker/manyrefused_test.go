package bulkworker_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

// A shard's jobs may have refused more than goes into one write of the store: the rest waits for the next task.
func TestManyRefused(t *testing.T) {
	t.Parallel()

	const rows = 6000

	refusals := make([]string, rows)
	for i := range refusals {
		refusals[i] = fmt.Sprintf(`{"type":"import-error","id":"%d","attributes":{"code":"invalid","title":"x","original_payload":{"external_id":%q}}}`, i, idOf(i))
	}

	account := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.api+json")

		if strings.HasSuffix(r.URL.Path, "/import-errors") {
			fmt.Fprintf(w, `{"data":[%s],"links":{}}`, strings.Join(refusals, ","))
		} else {
			fmt.Fprintf(w, `{"data":{"type":"profile-bulk-import-job","id":"j","attributes":{"status":"complete","total_count":%d,"failed_count":%d}}}`, rows, rows)
		}
	})
	importer := importers(t, both(commercetoolstest.NewServer("demo"), account))[bulk.Customers]
	pending := []bulk.Job{{ID: "a", Rows: rows}, {ID: "b", Rows: rows}, {ID: "c", Rows: rows, Try: 1}}

	for _, left := range []int{2, 1, 0} {
		settled, err := importer.Settle(t.Context(), bulk.Work{Proceed: func(context.Context) error { return nil }}, pending)
		if err != nil || settled.Failed != rows || len(settled.Failures) != rows || len(settled.Pending) != left {
			t.Fatalf("%d failed, %d failures, %d pending, error %v; want %d, %d, %d",
				settled.Failed, len(settled.Failures), len(settled.Pending), err, rows, rows, left)
		}

		pending = settled.Pending
	}
}
