package commercetoolstest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

func TestQuery(t *testing.T) {
	t.Parallel()

	s := letters()

	tests := map[string]struct {
		query url.Values
		want  []string
		total int
	}{
		"all":         {url.Values{}, []string{"a", "b", "c", "d", "e"}, 5},
		"limit":       {url.Values{"limit": {"2"}}, []string{"a", "b"}, 5},
		"offset":      {url.Values{"limit": {"2"}, "offset": {"4"}}, []string{"e"}, 5},
		"far offset":  {url.Values{"offset": {"10000"}}, []string{}, 5},
		"nothing":     {url.Values{"limit": {"0"}}, []string{}, 5},
		"no total":    {url.Values{"limit": {"2"}, "offset": {"1"}, "withTotal": {"false"}}, []string{"b", "c"}, -1},
		"by change":   {url.Values{"sort": {"lastModifiedAt asc"}}, []string{"c", "e", "a", "b", "d"}, 5},
		"by creation": {url.Values{"sort": {"createdAt desc", "id asc"}, "limit": {"2"}}, []string{"c", "e"}, 5},
		"backwards":   {url.Values{"sort": {"id desc"}, "limit": {"2"}, "withTotal": {"false"}}, []string{"e", "d"}, -1},
		"window":      {url.Values{"where": {`id > "a" and id < "d"`}, "sort": {"id asc"}}, []string{"b", "c"}, 2},
		"two wheres":  {url.Values{"where": {`id > "a"`, `id <= "d"`, `id != "c"`}}, []string{"b", "d"}, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := get(t, s, "/shop/customers", tt.query)
			if diff := cmp.Diff(tt.want, got.ids(t)); diff != "" || got.Count != len(tt.want) {
				t.Errorf("status %d, count %d, results (-want +got):\n%s", got.Status, got.Count, diff)
			}

			total := -1
			if got.Total != nil {
				total = *got.Total
			}

			if total != tt.total {
				t.Errorf("total %d, want %d", total, tt.total)
			}
		})
	}
}

func TestQueryRefusals(t *testing.T) {
	t.Parallel()

	s := letters()

	for parameter, values := range map[string][]string{
		"limit":     {"501", "-1", "x"},
		"offset":    {"10001", "-1"},
		"sort":      {"email asc", "id up"},
		"withTotal": {"perhaps"},
		"expand":    {"", "parent[", "parent..store", "parent[x]", "parent store", "email", "parent.email"},
		"where":     {`orderState = "Open"`, `id`},
		"staged":    {"true"}, // of products only
		"var.id":    {"a"},
	} {
		for _, v := range values {
			got := get(t, s, "/shop/customers", url.Values{parameter: {v}})
			if got.Status != http.StatusBadRequest || got.code() != "InvalidInput" || !strings.Contains(got.Message, parameter) {
				t.Errorf("%s=%s: status %d %s %s", parameter, v, got.Status, got.code(), got.Message)
			}
		}
	}
}

// With a predicate the total ends at 10,000, as commercetools' does.
func TestTotalIsCapped(t *testing.T) {
	t.Parallel()

	s := commercetoolstest.NewServer("shop")

	all := make([]json.RawMessage, 10_005)
	for i := range all {
		all[i] = json.RawMessage(`{"id":"c` + strconv.Itoa(i) + `"}`)
	}

	s.Put("customers", all...)

	for where, want := range map[string]int{"": 10_005, `id > "a"`: 10_000} {
		query := url.Values{"limit": {"1"}}
		if where != "" {
			query.Set("where", where)
		}

		if got := get(t, s, "/shop/customers", query); got.Total == nil || *got.Total != want {
			t.Errorf("where %q: total %v, want %d", where, got.Total, want)
		}
	}
}

// BenchmarkPages asks for pages of 500 in the order of their ids, as imports do, of a large shop and without a network.
func BenchmarkPages(b *testing.B) {
	s := commercetoolstest.NewServer("shop")
	s.Fill(commercetoolstest.NewShop(1, commercetoolstest.Size{Customers: 1_000_000, Orders: 100_000, Products: 50_000, Categories: 400}))

	authorization := "Bearer " + token(b, s)

	for endpoint, expand := range map[string][]string{
		"customers": nil, "orders": {"paymentInfo.payments[*]"}, "product-projections": {"categories[*].ancestors[*]"},
	} {
		b.Run(endpoint, func(b *testing.B) {
			for page := 0; b.Loop(); page++ {
				query := url.Values{
					"where": {fmt.Sprintf(`id > "%02x"`, page%256)}, "sort": {"id asc"}, "limit": {"500"}, "withTotal": {"false"}, "expand": expand,
				}

				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/shop/"+endpoint+"?"+query.Encode(), http.NoBody)
				r.Header.Set("Authorization", authorization)
				r.Header.Set("Accept-Encoding", "gzip")

				w := httptest.NewRecorder()
				if s.ServeHTTP(w, r); w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}

// BenchmarkNewShop makes a shop of a million customers.
func BenchmarkNewShop(b *testing.B) {
	for b.Loop() {
		commercetoolstest.NewShop(1, commercetoolstest.Size{Customers: 1_000_000, Orders: 100_000, Products: 50_000, Categories: 400})
	}
}
