package klaviyotest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// catalogID is a compound id.
func catalogID(id string) string { return "$custom:::$default:::" + id }

// inCatalog is a body; more follows the attributes.
func inCatalog(kind, id, attributes, more string) string {
	if id != "" {
		id = `"id":"` + catalogID(id) + `",`
	}

	return `{"data":{"type":"catalog-` + kind + `",` + id + `"attributes":{` + attributes + `}` + more + `}}`
}

const (
	anItem     = `"external_id":"p","title":"x","description":"","url":"x"`
	aVariant   = `"external_id":"v","title":"x","description":"","url":"x","sku":"v","inventory_quantity":0,"price":1.5`
	ofTheItem  = `,"relationships":{"item":{"data":{"type":"catalog-item","id":"$custom:::$default:::p"}}}`
	inCategory = `,"relationships":{"categories":{"data":[{"type":"catalog-category","id":"$custom:::$default:::c"}]}}`
)

const (
	itemJobs = "/api/catalog-item-bulk-create-jobs"
	itemRows = "/data/attributes/items/data"
)

// inJob is the body of a job with items; rows are the attributes of each.
func inJob(action string, rows ...string) string {
	for i, attributes := range rows {
		rows[i] = `{"type":"catalog-item","attributes":{` + attributes + `}}`
	}

	return `{"data":{"type":"catalog-item-bulk-` + action + `-job","attributes":{"items":{"data":[` + strings.Join(rows, ",") + `]}}}}`
}

// shop is a fake with a category, an item in it, and a variant.
func shop(t *testing.T) *klaviyotest.Server {
	t.Helper()

	s := klaviyotest.New(klaviyotest.Options{})

	for _, r := range []struct{ path, body string }{
		{"/api/catalog-categories", inCatalog("category", "", `"external_id":"c","name":"x"`, "")},
		{"/api/catalog-items", inCatalog("item", "", anItem, inCategory)},
		{"/api/catalog-variants", inCatalog("variant", "", aVariant, ofTheItem)},
	} {
		if a := ask(t, s, "POST", r.path, r.body, nil); a.Status != http.StatusCreated {
			t.Fatalf("%d %+v", a.Status, a.Errors)
		}
	}

	return s
}

func TestCatalogRefusals(t *testing.T) {
	t.Parallel()

	const item, variant = "/api/catalog-items/$custom:::$default:::p", "/api/catalog-variants/$custom:::$default:::v"

	patch := func(kind, id, attributes string) string { return inCatalog(kind, id, attributes, "") }

	tests := []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"not JSON", "POST", "/api/catalog-items", `{`, 400, "invalid /data"},
		{"another type", "POST", "/api/catalog-items", inCatalog("variant", "", aVariant, ofTheItem), 400, "invalid /data"},
		{"an id in a creation", "POST", "/api/catalog-items", inCatalog("item", "q", anItem, ""), 400, "invalid /data/id"},
		{"no title", "POST", "/api/catalog-items", inCatalog("item", "", strings.Replace(anItem, `"title":"x",`, "", 1), ""), 400, "invalid /data/attributes/title"},
		{"a null title", "POST", "/api/catalog-items", inCatalog("item", "", strings.Replace(anItem, `"title":"x"`, `"title":null`, 1), ""), 400, "invalid /data/attributes/title"},
		{"nothing", "POST", "/api/catalog-variants", inCatalog("variant", "", "", ofTheItem), 400, "7 errors"},
		{"empty id", "POST", "/api/catalog-categories", patch("category", "", `"external_id":"","name":"x"`), 400, "invalid /data/attributes/external_id"},
		{"unknown attribute", "POST", "/api/catalog-items", inCatalog("item", "", anItem+`,"sku":"x"`, ""), 400, "invalid /data/attributes/sku"},
		{"another integration", "POST", "/api/catalog-items", inCatalog("item", "", anItem+`,"integration_type":"$shopify"`, ""), 400, "invalid /data/attributes/integration_type"},
		{"text for a price", "POST", "/api/catalog-items", inCatalog("item", "", anItem+`,"price":"1"`, ""), 400, "invalid /data/attributes/price"},
		{"deep metadata", "POST", "/api/catalog-items", inCatalog("item", "", anItem+`,"custom_metadata":{"a":{}}`, ""), 400, "invalid /data/attributes/custom_metadata"},
		{
			"large metadata", "POST", "/api/catalog-items",
			inCatalog("item", "", anItem+`,"custom_metadata":{"a":"`+strings.Repeat("x", 100_000)+`"}`, ""), 400, "invalid /data/attributes/custom_metadata",
		},
		{"a single category", "POST", "/api/catalog-items", inCatalog("item", "", anItem, strings.NewReplacer("[", "", "]", "").Replace(inCategory)), 400, "invalid /data/relationships/categories"},
		{"another relationship", "POST", "/api/catalog-items", inCatalog("item", "", anItem, ofTheItem), 400, "invalid /data/relationships/item"},
		{"a variant of none", "POST", "/api/catalog-variants", inCatalog("variant", "", aVariant, ""), 400, "invalid /data/relationships/item"},
		{"unknown policy", "PATCH", variant, patch("variant", "v", `"inventory_policy":3`), 400, "invalid /data/attributes/inventory_policy"},
		{"text for published", "PATCH", variant, patch("variant", "v", `"published":"no"`), 400, "invalid /data/attributes/published"},
		{"text for images", "PATCH", variant, patch("variant", "v", `"images":"x"`), 400, "invalid /data/attributes/images"},
		{"another item", "PATCH", variant, inCatalog("variant", "v", "", ofTheItem), 400, "invalid /data/relationships/item"},
		{"an external id", "PATCH", item, patch("item", "p", `"external_id":"q"`), 400, "invalid /data/attributes/external_id"},
		{"a catalog", "PATCH", item, patch("item", "p", `"catalog_type":"$default"`), 400, "invalid /data/attributes/catalog_type"},
		{"another id", "PATCH", item, patch("item", "q", `"title":"x"`), 400, "invalid /data/id"},
		{"no compound id", "PATCH", "/api/catalog-items/p", strings.ReplaceAll(patch("item", "p", ""), "$custom:::$default:::", ""), 404, "not_found /data"},
		{"none to delete", "DELETE", item + "x", "", 404, "not_found /data"},
		{"variants of none", "GET", item + "x/relationships/variants", "", 404, "not_found /data"},
		{"page size", "GET", item + "/relationships/variants?page%5Bsize%5D=101", "", 400, "invalid /data"},
		{"unknown method", "GET", item, "", 405, "method_not_allowed /data"},
		{"no such job", "GET", itemJobs + "/x", "", 404, "not_found /data"},
		{"a job that isn't JSON", "POST", itemJobs, `{`, 400, "invalid /data"},
		{"a job of another kind", "POST", itemJobs, strings.Replace(inJob("create", anItem), "create", "update", 1), 400, "invalid /data"},
		{"a job without rows", "POST", itemJobs, inJob("create"), 400, "invalid " + itemRows},
		{"a job of 101 rows", "POST", itemJobs, inJob("create", slices.Repeat([]string{anItem}, 101)...), 400, "invalid " + itemRows},
		{"a malformed row", "POST", itemJobs, inJob("create", anItem, anItem+`,"sku":"x"`), 400, "invalid " + itemRows + "/1/attributes/sku"},
		{"an update without an id", "POST", strings.Replace(itemJobs, "create", "update", 1), inJob("update", `"title":"x"`), 400, "invalid " + itemRows + "/0/id"},
		{"a deletion without an id", "POST", strings.Replace(itemJobs, "create", "delete", 1), inJob("delete", ""), 400, "invalid " + itemRows + "/0"},
		{"an unknown filter", "GET", "/api/catalog-items?filter=" + url.QueryEscape(`equals(published,true)`), "", 400, "invalid /data"},
		{"a filter for none", "GET", "/api/catalog-items?filter=" + url.QueryEscape(`any(ids,[])`), "", 400, "invalid /data"},
		{"a filter for too many", "GET", "/api/catalog-items?filter=" + url.QueryEscape(`any(ids,["x"`+strings.Repeat(`,"x"`, 100)+`])`), "", 400, "invalid /data"},
		{"an unknown include", "GET", "/api/catalog-items?include=categories", "", 400, "invalid /data"},
		{"an include that there isn't", "GET", "/api/catalog-categories?include=items", "", 400, "invalid /data"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := shop(t)
			before := [][]klaviyotest.Entry{s.Items(), s.Variants(), s.Categories()}

			if a := ask(t, s, tt.method, tt.path, tt.body, nil); a.Status != tt.status || a.code() != tt.code {
				t.Errorf("%d %s: %+v", a.Status, a.code(), a.Errors)
			}

			if diff := cmp.Diff(before, [][]klaviyotest.Entry{s.Items(), s.Variants(), s.Categories()}); diff != "" {
				t.Errorf("something changed:\n%s", diff)
			}
		})
	}
}

// 100 variants are a page, unless asked otherwise; those that go meanwhile are no reason to fail.
func TestVariantPages(t *testing.T) {
	t.Parallel()

	s := shop(t)

	for i := range 100 {
		body := inCatalog("variant", "", strings.Replace(aVariant, `"v"`, fmt.Sprintf(`"v%02d"`, i), 1), ofTheItem)
		if a := ask(t, s, "POST", "/api/catalog-variants", body, nil); a.Status != http.StatusCreated {
			t.Fatal(a.Status)
		}
	}

	count := func(a answered) int {
		data, _ := a.Data.([]any)

		return len(data)
	}

	const path = "/api/catalog-items/$custom:::$default:::p/relationships/variants"

	first := ask(t, s, "GET", path, "", nil)
	next := strings.TrimPrefix(first.Links.Next, "https://a.klaviyo.com")

	if second := ask(t, s, "GET", next, "", nil); count(first) != 100 || count(second) != 1 || second.Links.Next != "" {
		t.Errorf("pages of %d and %d", count(first), count(second))
	}

	data, _ := first.Data.([]any)
	if diff := cmp.Diff(map[string]any{"type": "catalog-variant", "id": catalogID("v")}, data[0]); diff != "" {
		t.Errorf("the first (-want +got):\n%s", diff)
	}

	for i := range 100 {
		ask(t, s, "DELETE", "/api/catalog-variants/"+url.PathEscape(catalogID(fmt.Sprintf("v%02d", i))), "", nil)
	}

	if a := ask(t, s, "GET", next, "", nil); a.Status != http.StatusOK || count(a) != 0 {
		t.Errorf("%d with %d", a.Status, count(a))
	}
}

type limited struct {
	method, path string
	burst        int
}

func catalogOperations() []limited {
	var all []limited

	for path, kind := range map[string]string{
		"/api/catalog-items": "item", "/api/catalog-variants": "variant", "/api/catalog-categories": "category",
	} {
		all = append(all, limited{"POST", path, 75}, limited{"PATCH", path + "/x", 75}, limited{"DELETE", path + "/x", 75})

		for _, action := range []string{"create", "update", "delete"} {
			jobs, gets := "/api/catalog-"+kind+"-bulk-"+action+"-jobs", 75
			if kind == "category" || action == "delete" {
				gets = 350
			}

			all = append(all, limited{"POST", jobs, 75}, limited{"GET", jobs, gets}, limited{"GET", jobs + "/x", gets})
		}
	}

	return append(all, limited{"GET", "/api/catalog-items", 350}, limited{"GET", "/api/catalog-categories", 350})
}

// Each operation goes by its own published limit.
func TestCatalogAndEventLimits(t *testing.T) {
	t.Parallel()

	operations := append(
		catalogOperations(), limited{"POST", "/api/events", 350}, limited{"POST", "/api/event-bulk-create-jobs", 10},
		limited{"GET", "/api/catalog-items/x/relationships/variants", 350},
	)

	synctest.Test(t, func(t *testing.T) {
		s := klaviyotest.New(klaviyotest.Options{Limits: true})

		for i, op := range operations {
			for range op.burst {
				ask(t, s, op.method, op.path, "{}", nil)
			}

			if got := s.Throttled(); got != int64(i) {
				t.Fatalf("%s %s: %d throttled", op.method, op.path, got)
			}

			if a := ask(t, s, op.method, op.path, "{}", nil); a.Status != http.StatusTooManyRequests {
				t.Errorf("%s %s: %d", op.method, op.path, a.Status)
			}
		}
	})
}
