package commercetools_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
)

// asked returns a client whose queries find nothing, and what the last of them said.
func asked() (*commercetools.Client, *url.Values) {
	var last url.Values

	return commercetools.New(local(scripted(func(_ int, r *http.Request) faulttest.Fault {
		last = r.URL.Query()

		return faulttest.Fault{Status: 200, Body: `{"results":[],"total":12}`}
	}))), &last
}

func TestQueryParameters(t *testing.T) {
	t.Parallel()

	var (
		page  commercetools.Page
		raw   []json.RawMessage
		total int
		err   error
	)

	ctx := t.Context()

	tests := map[string]struct {
		send func(*commercetools.Client)
		want url.Values
	}{
		"zero": {
			func(c *commercetools.Client) { page, err = c.Query(ctx, commercetools.Orders, commercetools.Query{}) },
			url.Values{"withTotal": {"false"}},
		},
		"everything": {
			func(c *commercetools.Client) {
				page, err = c.Query(ctx, commercetools.Orders, commercetools.Query{
					Where:     []commercetools.Predicate{commercetools.IDAfter("a"), commercetools.IDIn("b", "c")},
					Sort:      []string{"lastModifiedAt asc", "id asc"},
					Limit:     7,
					Expand:    []string{"paymentInfo.payments[*]"},
					WithTotal: true,
				})
			},
			url.Values{
				"where": {`id > "a"`, `id in ("b","c")`}, "sort": {"lastModifiedAt asc", "id asc"}, "limit": {"7"},
				"expand": {"paymentInfo.payments[*]"}, "withTotal": {"true"},
			},
		},
		"scan all": {
			func(c *commercetools.Client) {
				raw, err = c.Scan(ctx, commercetools.Orders, commercetools.Window{}, 0, commercetools.Query{})
			},
			url.Values{"sort": {"id asc"}, "limit": {"500"}, "withTotal": {"false"}},
		},
		"scan a window": {
			func(c *commercetools.Client) {
				raw, err = c.Scan(ctx, commercetools.Orders, commercetools.Window{After: "a", Before: "b"}, 20, commercetools.Query{
					Where:     []commercetools.Predicate{commercetools.ModifiedSince(time.Unix(0, 0))},
					Expand:    []string{"x"},
					Sort:      []string{"createdAt asc"},
					Limit:     3,
					WithTotal: true,
				})
			},
			url.Values{
				"where": {`id > "a" and id < "b"`, `lastModifiedAt >= "1970-01-01T00:00:00.000Z"`}, "sort": {"id asc"},
				"limit": {"20"}, "expand": {"x"}, "withTotal": {"false"},
			},
		},
		"scan the start": {
			func(c *commercetools.Client) {
				raw, err = c.Scan(ctx, commercetools.Orders, commercetools.Window{Before: "b"}, 501, commercetools.Query{})
			},
			url.Values{"where": {`id < "b"`}, "sort": {"id asc"}, "limit": {"500"}, "withTotal": {"false"}},
		},
		"count": {
			func(c *commercetools.Client) { total, err = c.Count(ctx, commercetools.Orders) },
			url.Values{"limit": {"1"}, "withTotal": {"true"}},
		},
	}
	for name, tt := range tests {
		client, last := asked()
		tt.send(client)

		if err != nil || len(raw)+len(page.Results) != 0 {
			t.Errorf("%s: %d results, %v", name, len(raw)+len(page.Results), err)
		}

		if diff := cmp.Diff(tt.want, *last); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	if total != 12 {
		t.Errorf("count %d, want 12", total)
	}
}

func TestPredicates(t *testing.T) {
	t.Parallel()

	moment := time.Date(2026, 1, 1, 1, 0, 0, 123_999_999, time.FixedZone("CET", 3600))

	for got, want := range map[commercetools.Predicate]string{
		commercetools.IDIn("a"):                `id in ("a")`,
		commercetools.IDAfter(`a"b\c`):         `id > "a\"b\\c"`,
		commercetools.IDBefore(`\" or id > "`): `id < "\\\" or id > \""`,
		commercetools.ModifiedSince(moment):    `lastModifiedAt >= "2026-01-01T00:00:00.123Z"`,
	} {
		if string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// The largest IDIn stays within the length of URL that commercetools takes.
func TestMaxIDs(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewServer("shop")
	shop.Put("customers", commercetoolstest.Customers(1, commercetools.MaxIDs)...)

	ids := make([]string, commercetools.MaxIDs)

	for i, raw := range commercetoolstest.Customers(1, commercetools.MaxIDs) {
		c, err := commercetools.Decode[commercetools.Customer](raw)
		if err != nil {
			t.Fatal(err)
		}

		ids[i] = c.ID
	}

	client := commercetools.New(serve(t, shop))
	window := commercetools.Window{After: "0", Before: strings.Repeat("f", 36)}
	query := commercetools.Query{
		Where:  []commercetools.Predicate{commercetools.IDIn(ids...)},
		Expand: []string{"masterData.current.categories[*].ancestors[*]"},
	}

	found, err := client.Scan(t.Context(), commercetools.Customers, window, commercetools.MaxIDs, query)
	if err != nil || len(found) != len(ids) {
		t.Errorf("%d of %d found: %v", len(found), len(ids), err)
	}

	// And the server would have said so.
	query.Where = append(query.Where, query.Where[0])
	if _, err := client.Scan(t.Context(), commercetools.Customers, window, 1, query); err == nil {
		t.Error("twice as many passed")
	}
}

// Windows that share their ends cover a shop once, whatever the pages' size.
func TestScanCoversTheShop(t *testing.T) {
	t.Parallel()

	const size = 3000

	shop := commercetoolstest.NewServer("shop")
	shop.Put("customers", commercetoolstest.Customers(7, size)...)

	client := commercetools.New(serve(t, shop))

	total, err := client.Count(t.Context(), commercetools.Customers)
	if err != nil || total != size {
		t.Fatalf("count %d, %v", total, err)
	}

	var seen []string

	for window := range windows("4", "48", "9", "d00") {
		seen = append(seen, scan(t, client, window)...)
	}

	if !slices.IsSorted(seen) || len(slices.Compact(seen)) != size {
		t.Errorf("%d customers in order: %t; want %d", len(seen), slices.IsSorted(seen), size)
	}
}

// windows cuts all ids at these places.
func windows(cuts ...string) iter.Seq[commercetools.Window] {
	return func(yield func(commercetools.Window) bool) {
		w := commercetools.Window{}

		for _, w.Before = range append(cuts, "") {
			if !yield(w) {
				return
			}

			w.After = w.Before
		}
	}
}

// scan returns the ids in a window, read in pages of 37.
func scan(t *testing.T, client *commercetools.Client, w commercetools.Window) []string {
	t.Helper()

	const size = 37

	var ids []string

	for {
		page, err := client.Scan(t.Context(), commercetools.Customers, w, size, commercetools.Query{})
		if err != nil {
			t.Fatal(err)
		}

		for _, raw := range page {
			c, err := commercetools.Decode[commercetools.Customer](raw)
			if err != nil {
				t.Fatal(err)
			}

			ids = append(ids, c.ID)
		}

		if len(page) < size {
			return ids
		}

		w.After = ids[len(ids)-1]
	}
}

func TestDecodeError(t *testing.T) {
	t.Parallel()

	const secret = "private"

	tests := map[string]struct{ raw, want string }{
		"kind":       {`{"id":"p1","transactions":[{"state":4711}],"email":"private"}`, "p1: transactions.state holds number; want string"},
		"kind of id": {`{"id":7}`, ": id holds number; want string"},
		"time":       {`{"id":"p1","transactions":[{"timestamp":"private"}]}`, "p1: a value can't be read"},
		"syntax":     {`{"id":"p1",private}`, ": malformed JSON at byte 12"},
		"not one":    {`["private"]`, ": the resource holds array; want commercetools.Payment"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := commercetools.Decode[commercetools.Payment](json.RawMessage(tt.raw))
			if diff := cmp.Diff(commercetools.Payment{}, got); diff != "" {
				t.Errorf("not empty:\n%s", diff)
			}

			if want := "commercetools: decode commercetools.Payment " + tt.want; err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}

			if strings.Contains(fmt.Sprint(err), secret) {
				t.Errorf("the error quotes the content: %v", err)
			}
		})
	}
}

// BenchmarkScan reads pages of 500 customers over HTTP, packed, from a shop of 50,000.
func BenchmarkScan(b *testing.B) {
	shop := commercetoolstest.NewServer("shop")
	shop.Put("customers", commercetoolstest.Customers(1, 50_000)...)

	client := commercetools.New(serve(b, shop))
	window := commercetools.Window{}
	read := 0

	b.ReportAllocs()

	for b.Loop() {
		page, err := client.Scan(b.Context(), commercetools.Payments, window, commercetools.MaxLimit, commercetools.Query{})
		if err != nil {
			b.Fatal(err)
		}

		window.After = ""

		for _, raw := range page {
			c, err := commercetools.Decode[commercetools.Payment](raw)
			if err != nil {
				b.Fatal(err)
			}

			window.After = c.ID
		}

		read += len(page)
	}

	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "customers/s")
}
