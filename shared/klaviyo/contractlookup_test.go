package klaviyo_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

func TestContractLookups(t *testing.T) {
	t.Parallel()

	c, _ := checked(t, klaviyotest.Options{Key: key, Limits: true})

	odd := `"]),a/b`
	runs(t, c, klaviyo.CreateCategories, categories(klaviyo.CreateCategories, named("c-1", "c-2", odd)...))
	runs(t, c, klaviyo.CreateItems, items(klaviyo.CreateItems, item("p-1"), item("p-2"), item(odd)))
	runs(t, c, klaviyo.CreateVariants, variants(klaviyo.CreateVariants, variant("b", "p-1"), variant("a", "p-1"), variant(odd, odd)))

	before := c.Requests()

	asked := []string{"p-1", "none", odd, "p-2", "p-1"}

	found, err := c.CatalogItems(t.Context(), asked, true)
	if diff := cmp.Diff(map[string][]string{"p-1": {"a", "b"}, "p-2": {}, odd: {odd}}, found); diff != "" || err != nil {
		t.Errorf("with variants (-want +got):\n%s%v", diff, err)
	}

	found, err = c.CatalogItems(t.Context(), asked, false)
	if diff := cmp.Diff(map[string][]string{"p-1": {}, "p-2": {}, odd: {}}, found); diff != "" || err != nil {
		t.Errorf("without (-want +got):\n%s%v", diff, err)
	}

	known, err := c.CatalogCategories(t.Context(), []string{"c-2", odd, "none"})
	if diff := cmp.Diff(map[string]bool{"c-2": true, odd: true}, known); diff != "" || err != nil {
		t.Errorf("categories (-want +got):\n%s%v", diff, err)
	}

	if got := c.Requests() - before; got != 3 {
		t.Errorf("%d requests", got)
	}

	if found, err := c.CatalogItems(t.Context(), nil, true); len(found) != 0 || err != nil || c.Requests()-before != 3 {
		t.Errorf("found %v, error %v", found, err)
	}
}

func TestContractIDPages(t *testing.T) {
	t.Parallel()

	c, _ := checked(t, klaviyotest.Options{})

	want, all := make([]string, 250), make([]klaviyo.Item, 250)
	for i := range want {
		want[i] = fmt.Sprintf("%03d", i)
		all[i] = item(want[i])
	}

	if jobs, _, err := c.StartItems(t.Context(), klaviyo.CreateItems, all); err != nil || len(jobs) != 3 {
		t.Fatalf("jobs %v, error %v", jobs, err)
	}

	if jobs, _, err := c.StartCategories(t.Context(), klaviyo.CreateCategories, named(want...)); err != nil || len(jobs) != 3 {
		t.Fatalf("jobs %v, error %v", jobs, err)
	}

	for what, list := range map[string]func(context.Context, string) ([]string, string, error){
		"items": c.ItemIDs, "categories": c.CategoryIDs,
	} {
		if got, lengths := pagesOf(t, list); !slices.Equal(got, want) || !slices.Equal(lengths, []int{100, 100, 50}) {
			t.Errorf("%s: pages of %v", what, lengths)
		}
	}

	found, err := c.CatalogItems(t.Context(), append(want, "none"), true)
	if err != nil || len(found) != 250 {
		t.Errorf("%d items, error %v", len(found), err)
	}
}

// pagesOf reads all pages, and how long each is.
func pagesOf(t *testing.T, list func(context.Context, string) ([]string, string, error)) (all []string, lengths []int) {
	t.Helper()

	for cursor := ""; len(lengths) == 0 || cursor != ""; {
		ids, next, err := list(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}

		all, lengths, cursor = append(all, ids...), append(lengths, len(ids)), next
	}

	return all, lengths
}

// The variants of an item are asked for when the item doesn't tell all of them for sure.
func TestCatalogItemsWithManyVariants(t *testing.T) {
	t.Parallel()

	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprintf(`{"type":"catalog-variant","id":"$custom:::$default:::%d"}`, i)
	}

	answers := map[string]string{
		"": `{"data":[
			{"id":"$custom:::$default:::few","relationships":{"variants":{"data":[{"id":"$custom:::$default:::x"},{"id":"$shopify:::$default:::y"}]}}},
			{"id":"$custom:::$default:::none","relationships":{"variants":{"data":[]}}},
			{"id":"$custom:::$default:::silent","relationships":{"variants":{"links":{}}}},
			{"id":"$custom:::$default:::many","relationships":{"variants":{"data":[` + strings.Join(many, ",") + `]}}},
			{"id":"$custom:::$default:::gone"},
			{"id":"$shopify:::$default:::other"}],"links":{}}`,
		"silent": `{"data":[{"id":"$custom:::$default:::s"}],"links":{}}`,
		"many":   `{"data":[{"id":"$custom:::$default:::m"}],"links":{}}`,
	}

	c := client(inMemory(func(w http.ResponseWriter, r *http.Request) {
		id := strings.TrimPrefix(r.URL.Path, "/api/catalog-items")
		id = strings.TrimSuffix(strings.TrimPrefix(id, "/$custom:::$default:::"), "/relationships/variants")

		if body, ok := answers[id]; ok {
			answer(w, http.StatusOK, body)
		} else {
			answer(w, http.StatusNotFound, `{"errors":[{"code":"not_found"}]}`)
		}
	}))

	found, err := c.CatalogItems(t.Context(), []string{"any"}, true)

	want := map[string][]string{"few": {"x"}, "none": {}, "silent": {"s"}, "many": {"m"}}
	if diff := cmp.Diff(want, found); diff != "" || err != nil || c.Requests() != 4 {
		t.Errorf("found (-want +got):\n%s%v after %d requests", diff, err, c.Requests())
	}
}

// Where a URL is too long, fewer ids are asked for at once.
func TestLookupWithLongURLs(t *testing.T) {
	t.Parallel()

	ids := make([]string, 130)
	for i := range ids {
		ids[i] = fmt.Sprintf("%036d", i)
	}

	tests := []struct {
		name     string
		status   int
		body     string
		longest  int // of the URL
		requests int64
		found    int
	}{
		{"all fit", 0, "", 20_000, 2, 130},
		{"some fit", http.StatusRequestURITooLong, "", 4_000, 1 + 1 + 6, 130},
		{"another server's 400", http.StatusBadRequest, "<html>", 5_000, 1 + 3, 130},
		{"nothing fits", http.StatusRequestURITooLong, "", 50, 7, 0},
		{"Klaviyo's 400", http.StatusBadRequest, `{"errors":[{"code":"invalid"}]}`, 5_000, 1, 0},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			fake := klaviyotest.New(klaviyotest.Options{})
			c := client(inMemory(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet && len(r.URL.String()) > tt.longest {
					answer(w, tt.status, tt.body)
				} else {
					fake.ServeHTTP(w, r)
				}
			}))

			if _, _, err := c.StartCategories(t.Context(), klaviyo.CreateCategories, named(ids...)); err != nil {
				t.Fatal(err)
			}

			before := c.Requests()

			found, err := c.CatalogCategories(t.Context(), ids)
			if len(found) != tt.found || (err == nil) != (tt.found > 0) || c.Requests()-before != tt.requests {
				t.Errorf("found %d, error %v after %d requests", len(found), err, c.Requests()-before)
			}
		})
	}
}
