package bulkworker_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

func deleteAll(resource bulk.Resource) bulk.Options {
	return bulk.Options{DeleteAll: true, ConfirmDeletion: string(resource)}
}

// fill gives Klaviyo so many items, and categories. Some items have a variant that commercetools doesn't know.
func (s *catalogShop) fill(t *testing.T, items, categories int) {
	t.Helper()

	allCategories, allItems := make([]klaviyo.Category, categories), make([]klaviyo.Item, items)
	for i := range allCategories {
		allCategories[i] = klaviyo.Category{ExternalID: idOf(i), Name: "Category"}
	}

	for i := range allItems {
		allItems[i] = klaviyo.Item{ExternalID: idOf(i), Title: "Item"}
	}

	_, _, err := s.klaviyo.StartCategories(t.Context(), klaviyo.CreateCategories, allCategories)
	if err == nil {
		_, _, err = s.klaviyo.StartItems(t.Context(), klaviyo.CreateItems, allItems)
	}

	if err != nil || len(s.kl.Items()) != items || len(s.kl.Categories()) != categories {
		t.Fatalf("%d items, error %v", len(s.kl.Items()), err)
	}

	for i := range min(items, 5) {
		s.has(t, idOf(i), fmt.Sprintf("gone-%d", i))
	}
}

func TestDeleteAll(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		items, categories int
		dryRun            bool
	}{
		"nothing there": {}, "one": {1, 1, false}, "exactly a task": {1000, 1000, false}, "several tasks": {1001, 2001, false},
		"dry run": {130, 1020, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			s.fill(t, c.items, c.categories)
			s.ct.Put("categories", aCategory(1)) // of no interest here

			for resource, n := range map[bulk.Resource]int{bulk.Products: c.items, bulk.Categories: c.categories} {
				o := deleteAll(resource)
				o.DryRun = c.dryRun
				want(t, s.importing(t, resource, o), bulk.Counts{Read: n, Sent: n})
			}

			if !c.dryRun {
				c.items, c.categories = 0, 0
			}

			if i, v, k := len(s.kl.Items()), len(s.kl.Variants()), len(s.kl.Categories()); i != c.items || v > i || k != c.categories {
				t.Errorf("there are %d items, %d variants and %d categories left, want %d items and %d categories", i, v, k, c.items, c.categories)
			}
		})
	}
}

// What can't be deleted is a failure, once, and the rest goes.
func TestDeleteAllButOne(t *testing.T) {
	t.Parallel()

	const deleted = "POST /api/catalog-item-bulk-delete-jobs"

	// Klaviyo refuses what it is asked to delete, or has nothing deleted in the end.
	refused := func(pointer string) func(*http.Request, string) faulttest.Fault {
		return func(r *http.Request, body string) faulttest.Fault {
			at := row(body, idOf(7))
			if at == "" || !isA(r, deleted) {
				return faulttest.Fault{}
			}

			return problem(http.StatusBadRequest, "invalid", strings.Replace(pointer, "#", at, 1))
		}
	}

	for name, c := range map[string]struct {
		fault  func(*http.Request, string) faulttest.Fault
		reason string
	}{
		"refused at once":           {refused("/data/attributes/items/data/#/id"), "Klaviyo refused to delete it: invalid /id"},
		"refused without a pointer": {refused("/data"), "given up after many attempts"},
		"job forgotten": {func(r *http.Request, _ string) faulttest.Fault {
			if strings.HasPrefix(r.URL.Path, "/api/catalog-item-bulk-delete-jobs/") {
				return problem(http.StatusNotFound, "not_found", "")
			}

			return faulttest.Fault{}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			s.fill(t, 1010, 0)
			s.fault = c.fault

			p := s.importing(t, bulk.Products, deleteAll(bulk.Products))

			if c.reason == "" {
				want(t, p, bulk.Counts{Read: 1010, Sent: 1010})

				return
			}

			// What was deleted by a delivery that failed in the end is not counted.
			want(t, p, bulk.Counts{Read: p.Read, Sent: p.Read - 1, Failed: 1}, c.reason)

			if left := s.kl.Items(); len(left) != 1 || left[0].ExternalID != idOf(7) || len(p.Errors) != 1 || p.Errors[0].ID != idOf(7) {
				t.Errorf("%d items are left, and the failures are %+v", len(left), p.Errors)
			}
		})
	}
}

// problem is one of Klaviyo's answers.
func problem(status int, code, pointer string) faulttest.Fault {
	return faulttest.Fault{Status: status, ContentType: "application/vnd.api+json", Body: fmt.Sprintf(
		`{"errors":[{"id":"1","code":%q,"title":"No.","detail":"No.","source":{"pointer":%q}}]}`, code, pointer)}
}

// row is the number of the first row of a bulk request that holds a text; "" when there is none.
func row(body, text string) string {
	var request struct {
		Data struct {
			Attributes map[string]struct {
				Data []json.RawMessage `json:"data"`
			} `json:"attributes"`
		} `json:"data"`
	}

	_ = json.Unmarshal([]byte(body), &request) // what is no bulk request has no rows

	for _, rows := range request.Data.Attributes {
		for i, raw := range rows.Data {
			if strings.Contains(string(raw), text) {
				return strconv.Itoa(i)
			}
		}
	}

	return ""
}
