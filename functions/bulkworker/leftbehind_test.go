package bulkworker_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// The jobs of an import that was stopped go on at Klaviyo. What they bring is deleted as well.
func TestDeleteAllAfterStop(t *testing.T) {
	t.Parallel()

	for _, resource := range []bulk.Resource{bulk.Products, bulk.Categories} {
		t.Run(string(resource), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { testDeleteAllAfterStop(t, resource) })
		})
	}
}

func testDeleteAllAfterStop(t *testing.T, resource bulk.Resource) {
	t.Helper()
	time.Sleep(sinceBubblesBegin)

	account := klaviyotest.New(klaviyotest.Options{JobTime: time.Minute})
	transport := both(commercetoolstest.NewServer("demo"), account)
	client := klaviyo.New(functiontest.KlaviyoConfig("http://klaviyo.example", transport))

	_, _, err := client.StartItems(t.Context(), klaviyo.CreateItems, []klaviyo.Item{{ExternalID: "late", Title: "Item"}})
	if err == nil {
		_, _, err = client.StartCategories(t.Context(), klaviyo.CreateCategories, []klaviyo.Category{{ExternalID: "late", Name: "Category"}})
	}

	if err != nil {
		t.Fatal(err)
	}

	s := scene{store: bulktest.NewStore(t), wait: time.Hour, process: func(out bulktest.Outward) http.Handler {
		return newProcess(t, out, importers(t, transport))
	}}
	got := newResult(t, s.importing(t, resource, deleteAll(resource), &doomed{}), resource, account)

	if got.Status != bulk.Done || got.Counts != (bulk.Counts{Read: 1, Sent: 1}) {
		t.Errorf("%s with %+v, want done with the one that came late", got.Status, got.Counts)
	}

	time.Sleep(time.Hour)

	if n := len(account.Items()) + len(account.Categories()); n != 1 {
		t.Errorf("%d are left, want that of the other kind only", n)
	}
}

// A row may be gone of which Klaviyo has said that it failed. No other is left out in its place.
func TestDeleteAllWithoutTheFailed(t *testing.T) {
	t.Parallel()

	const (
		n      = 7
		asked  = "/api/catalog-item-bulk-delete-jobs/"
		answer = "application/vnd.api+json"
	)

	s := openCatalog(t)
	s.fill(t, 1010, 0)

	failed, looked := false, false
	s.fault = func(r *http.Request, _ string) faulttest.Fault {
		switch id, one := strings.CutPrefix(r.URL.Path, asked); {
		case r.Method != http.MethodGet:
			return faulttest.Fault{}
		case one && !failed:
			failed = true

			errs := make([]string, n)
			for i := range errs {
				errs[i] = fmt.Sprintf(`{"id":"%d","code":"internal","title":"x","detail":"x","source":{"pointer":"/data/attributes/items/data/%d/id"}}`, i, i)
			}

			return ended("catalog-item-bulk-delete-job", id, "complete", 100-n, n, strings.Join(errs, ","))
		case isA(r, "GET "+strings.TrimSuffix(asked, "/")) && !failed: // so that they are asked for one by one
			return faulttest.Fault{Status: http.StatusOK, ContentType: answer, Body: `{"data":[]}`}
		case failed && !looked && isA(r, "GET /api/catalog-items") && strings.Contains(r.URL.RawQuery, "any"):
			looked = true

			rows := regexp.MustCompile(`"[^"]+"`).FindAllString(r.URL.Query().Get("filter"), -1)
			for i, id := range rows {
				rows[i] = `{"type":"catalog-item","id":` + id + `}`
			}

			return faulttest.Fault{Status: http.StatusOK, ContentType: answer, Body: `{"data":[` + strings.Join(rows, ",") + `],"links":{}}`}
		default:
			return faulttest.Fault{}
		}
	}

	want(t, s.importing(t, bulk.Products, deleteAll(bulk.Products)), bulk.Counts{Read: 1010, Sent: 1010 - n, Failed: n})

	if left := len(s.kl.Items()); left != 0 {
		t.Errorf("%d are left", left)
	}
}
