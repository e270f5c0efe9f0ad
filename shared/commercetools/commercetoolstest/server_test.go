package commercetoolstest_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

// answer is what any request may get.
type answer struct {
	Status      int    `json:"-"`
	AccessToken string `json:"access_token"`
	Message     string `json:"message"`
	Errors      []struct {
		Code string `json:"code"`
	} `json:"errors"`

	Limit   int               `json:"limit"`
	Offset  int               `json:"offset"`
	Count   int               `json:"count"`
	Total   *int              `json:"total"`
	Results []json.RawMessage `json:"results"`
}

func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}

	return a.Errors[0].Code
}

func (a answer) ids(t *testing.T) []string {
	t.Helper()

	ids := []string{}

	for _, raw := range a.Results {
		var one struct {
			ID string `json:"id"`
		}

		if err := json.Unmarshal(raw, &one); err != nil {
			t.Fatal(err)
		}

		ids = append(ids, one.ID)
	}

	return ids
}

func do(tb testing.TB, s http.Handler, r *http.Request) answer {
	tb.Helper()

	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)

	a := answer{Status: w.Code}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			tb.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
		}
	}

	return a
}

func token(tb testing.TB, s http.Handler) string {
	tb.Helper()

	r := httptest.NewRequestWithContext(tb.Context(), http.MethodPost, "/oauth/token", strings.NewReader("grant_type=client_credentials"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(commercetoolstest.ClientID, commercetoolstest.ClientSecret)

	a := do(tb, s, r)
	if a.Status != http.StatusOK || a.AccessToken == "" {
		tb.Fatalf("no token: status %d", a.Status)
	}

	return a.AccessToken
}

// get asks with a token of its own.
func get(tb testing.TB, s http.Handler, path string, query url.Values) answer {
	tb.Helper()

	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, path+"?"+query.Encode(), http.NoBody)
	r.Header.Set("Authorization", "Bearer "+token(tb, s))

	return do(tb, s, r)
}

// letters is a shop with the customers a to e.
func letters() *commercetoolstest.Server {
	s := commercetoolstest.NewServer("shop")

	for i, id := range []string{"d", "b", "a", "e", "c"} {
		s.Put("customers", json.RawMessage(fmt.Sprintf(
			`{"id":%q,"version":%d,"email":"%s@kunden.example.de","createdAt":"2026-01-0%dT00:00:00.000Z","lastModifiedAt":"2026-02-0%dT00:00:00.500Z"}`,
			id, i+1, id, i+1, 9-i)))
	}

	return s
}

func TestAccess(t *testing.T) {
	t.Parallel()

	s := letters()
	good := "Bearer " + token(t, s)

	tests := map[string]struct {
		method, path, authorization string
		status                      int
		code                        string
	}{
		"good":             {"GET", "/shop/customers/a", good, 200, ""},
		"no token":         {"GET", "/shop/customers/a", "", 401, "invalid_token"},
		"other token":      {"GET", "/shop/customers", "Bearer x", 401, "invalid_token"},
		"no client":        {"POST", "/oauth/token", "", 401, "invalid_client"},
		"other client":     {"POST", "/oauth/token", "Basic ZGVtby1jbGllbnQ6eA==", 401, "invalid_client"},
		"no grant type":    {"POST", "/oauth/token", "Basic ZGVtby1jbGllbnQ6ZGVtby1zZWNyZXQ=", 400, "unsupported_grant_type"},
		"other project":    {"GET", "/other/customers/a", good, 404, "ResourceNotFound"},
		"other endpoint":   {"GET", "/shop/custmers", good, 404, "ResourceNotFound"},
		"missing":          {"GET", "/shop/customers/x", good, 404, "ResourceNotFound"},
		"empty endpoint":   {"GET", "/shop/orders/a", good, 404, "ResourceNotFound"},
		"bad expansion":    {"GET", "/shop/customers/a?expand=a[", good, 400, "InvalidInput"},
		"a method unknown": {"PUT", "/shop/customers/a", good, 405, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, http.NoBody)
			r.Header.Set("Authorization", tt.authorization)

			if got := do(t, s, r); got.Status != tt.status || got.code() != tt.code {
				t.Errorf("status %d %q, want %d %q", got.Status, got.code(), tt.status, tt.code)
			}
		})
	}
}

func TestURLTooLong(t *testing.T) {
	t.Parallel()

	s := letters()

	for length, want := range map[int]int{7000: http.StatusOK, 8001: http.StatusRequestURITooLong} {
		where := `id = "` + strings.Repeat("x", length) + `"`

		if got := get(t, s, "/shop/customers", url.Values{"where": {where}}); got.Status != want {
			t.Errorf("%d characters: status %d, want %d", length, got.Status, want)
		}
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()

	s := letters()
	authorization := "Bearer " + token(t, s)
	bodies := map[string]string{}

	for _, encoding := range []string{"", "gzip"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/shop/customers", http.NoBody)
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Accept-Encoding", encoding)

		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)

		if got := w.Header().Get("Content-Encoding"); got != encoding {
			t.Fatalf("asked for %q, got %q", encoding, got)
		}

		var body io.Reader = w.Body

		if encoding == "gzip" {
			var err error
			if body, err = gzip.NewReader(body); err != nil {
				t.Fatal(err)
			}
		}

		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}

		bodies[encoding] = string(text)
	}

	if bodies[""] != bodies["gzip"] || !strings.Contains(bodies[""], `"count":5`) {
		t.Errorf("the bodies differ: %v", bodies)
	}
}

func TestPutAndDelete(t *testing.T) {
	t.Parallel()

	s := letters()

	steps := []struct {
		do   func()
		want []string
	}{
		{func() {}, []string{"a", "b", "c", "d", "e"}},
		{func() { s.Put("customers", json.RawMessage(`{"id":"b", "version":9}`), json.RawMessage(`{"id":"bb"}`)) }, []string{"a", "b", "bb", "c", "d", "e"}},
		{func() { s.Delete("customers", "a") }, []string{"b", "bb", "c", "d", "e"}},
		{func() { s.Delete("customers", "gone"); s.Delete("orders", "gone") }, []string{"b", "bb", "c", "d", "e"}},
	}
	for i, step := range steps {
		step.do()

		if diff := cmp.Diff(step.want, get(t, s, "/shop/customers", nil).ids(t)); diff != "" {
			t.Errorf("step %d: ids (-want +got):\n%s", i, diff)
		}
	}

	if got := string(get(t, s, "/shop/customers", nil).Results[0]); got != `{"id":"b","version":9}` {
		t.Errorf("not replaced: %s", got)
	}

	// A token for each query.
	if n := s.Requests(); n != 10 {
		t.Errorf("%d requests, want 10", n)
	}
}

func TestPutPanics(t *testing.T) {
	t.Parallel()

	for _, raw := range []string{`{}`, `[]`, `{"id":"a"`} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was taken", raw)
				}
			}()

			commercetoolstest.NewServer("shop").Put("customers", json.RawMessage(raw))
		}()
	}
}

// The race detector watches.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()

	s := letters()

	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				s.Put("customers", json.RawMessage(fmt.Sprintf(`{"id":"x%d","email":"x"}`, i)))

				if got := get(t, s, "/shop/customers", url.Values{"where": {`email = "x" or id > "a"`}}); got.Count < 5 {
					t.Errorf("status %d, count %d", got.Status, got.Count)
				}

				s.Delete("customers", "x"+strconv.Itoa(i))
			}
		})
	}

	wg.Wait()
}
