package contract_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest/contract"
)

// recorder is a test that counts its errors.
type recorder struct {
	testing.TB

	errors []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

type handler http.HandlerFunc

func (h handler) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h(w, req)

	return w.Result(), nil
}

const (
	jsonAPI = "application/vnd.api+json"
	created = `{"data":{"type":"profile","id":"1","attributes":{},"links":{"self":"https://a.klaviyo.com"}}}`
)

func TestTransport(t *testing.T) {
	t.Parallel()

	post := func(attributes string) string { return `{"data":{"type":"profile","attributes":` + attributes + `}}` }

	tests := []struct {
		name, method, path, body string
		drop                     string // a header that is left out
		status                   int
		media, answer            string
		wantErrors               int
	}{
		{"good", "POST", "/api/profiles", post(`{"email":"a@example.com","location":{"city":null}}`), "", 201, jsonAPI, created, 0},
		{"behind a prefix", "POST", "/shop/api/profiles", post(`{}`), "", 201, jsonAPI, created, 0},
		{"good error", "POST", "/api/profiles", post(`{}`), "", 409, jsonAPI, `{"errors":[]}`, 0},
		{"proxy's page", "POST", "/api/profiles", post(`{}`), "", 403, "text/html", `<html>`, 0},
		{"path parameter", "PATCH", "/api/profiles/01%2FP", `{"data":{"type":"profile","id":"1","attributes":{}}}`, "", 200, jsonAPI, created, 0},
		{"query", "GET", `/api/profiles?filter=equals(id,"1")&fields%5Bprofile%5D=email,created&page%5Bsize%5D=1`, "", "", 200, jsonAPI, `{"data":[]}`, 0},
		{"unknown path", "GET", "/api/nothing", "", "", 200, jsonAPI, `{}`, 1},
		{"not the API", "GET", "/nothing", "", "", 200, jsonAPI, `{}`, 1},
		{"unknown method", "DELETE", "/api/profiles", "", "", 200, jsonAPI, `{}`, 1},
		{"wrong type", "POST", "/api/profiles", post(`{"email":5}`), "", 201, jsonAPI, created, 1},
		{"unknown attribute", "POST", "/api/profiles", post(`{"e_mail":"a@example.com"}`), "", 201, jsonAPI, created, 1},
		{"unknown part of a location", "POST", "/api/profiles", post(`{"location":{"street":"x"}}`), "", 201, jsonAPI, created, 1},
		{"any property", "POST", "/api/profiles", post(`{"properties":{"x":{"y":[1]}}}`), "", 201, jsonAPI, created, 0},
		{"no body", "POST", "/api/profiles", "", "", 201, jsonAPI, created, 1},
		{"a body too many", "GET", "/api/profiles", "{}", "", 200, jsonAPI, `{"data":[]}`, 1},
		{"no id", "PATCH", "/api/profiles/1", post(`{}`), "", 200, jsonAPI, created, 1},
		{"unknown parameter", "GET", "/api/profiles?page=1", "", "", 200, jsonAPI, `{"data":[]}`, 1},
		{"unknown field", "GET", "/api/profiles?fields%5Bprofile%5D=name", "", "", 200, jsonAPI, `{"data":[]}`, 1},
		{"page too large", "GET", "/api/profiles?page%5Bsize%5D=101", "", "", 200, jsonAPI, `{"data":[]}`, 1},
		{"no revision", "POST", "/api/profiles", post(`{}`), "Revision", 201, jsonAPI, created, 1},
		{"no key", "POST", "/api/profiles", post(`{}`), "Authorization", 201, jsonAPI, created, 1},
		{"no media type", "POST", "/api/profiles", post(`{}`), "Content-Type", 201, jsonAPI, created, 1},
		{"no answer's body", "DELETE", "/api/catalog-items/1", "", "", 204, "", "", 0},
		{"no body where there should be one", "POST", "/api/profiles", post(`{}`), "", 201, "", "", 1},
		{"another success", "DELETE", "/api/catalog-items/1", "", "", 200, "", "", 1},
		{"an error without a body", "DELETE", "/api/catalog-items/1", "", "", 503, "", "", 0},
		{"escaped parameter", "DELETE", "/api/catalog-variants/$custom:::$default:::a%2Fb", "", "", 204, "", "", 0},
		{"slash in a parameter", "DELETE", "/api/catalog-variants/$custom:::$default:::a/b", "", "", 204, "", "", 1},
		{"no accept", "POST", "/api/profiles", post(`{}`), "Accept", 201, jsonAPI, created, 1},
		{"bad answer", "POST", "/api/profiles", post(`{}`), "", 201, jsonAPI, `{"data":{"id":5}}`, 1},
		{"bad error", "POST", "/api/profiles", post(`{}`), "", 400, jsonAPI, `{"errors":[{"code":"x"}]}`, 1},
		{"unknown status", "POST", "/api/profiles", post(`{}`), "", 200, jsonAPI, created, 1},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			watch := &recorder{TB: t}
			transport := contract.Transport(watch, handler(func(w http.ResponseWriter, r *http.Request) {
				checkRead(t, r.Body, tt.body)
				w.Header().Set("Content-Type", tt.media)
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.answer)
			}))

			req := httptest.NewRequestWithContext(t.Context(), tt.method, "http://klaviyo.test"+tt.path, strings.NewReader(tt.body))
			req.Header.Set("Authorization", "Klaviyo-API-Key pk")
			req.Header.Set("Revision", "2026-07-15")
			req.Header.Set("Accept", jsonAPI)

			if tt.body != "" {
				req.Header.Set("Content-Type", jsonAPI)
			}

			req.Header.Del(tt.drop)

			resp, err := transport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}

			defer resp.Body.Close()

			checkRead(t, resp.Body, tt.answer)

			if len(watch.errors) != tt.wantErrors {
				t.Errorf("errors: %q", watch.errors)
			}
		})
	}
}

// checkRead finds out whether a body still is what it was.
func checkRead(t *testing.T, body io.Reader, want string) {
	t.Helper()

	if got, err := io.ReadAll(body); string(got) != want || err != nil {
		t.Errorf("%q arrives as %q, %v", want, got, err)
	}
}

func TestOperation(t *testing.T) {
	t.Parallel()

	d := contract.Load(t)

	op, method, path, err := d.Operation("update_profile")
	if err != nil || op.OperationID != "update_profile" || method != "PATCH" || path != "/api/profiles/{id}" {
		t.Errorf("%s %s, %v", method, path, err)
	}

	if _, _, _, err := d.Operation("no_such"); err == nil {
		t.Error("no_such was found")
	}
}

// A request gets through whether there are descriptions or not, and where there are, it is held against them.
func TestIfThere(t *testing.T) {
	t.Parallel()

	watch, sent := &recorder{TB: t}, 0
	transport := contract.IfThere(watch, handler(func(w http.ResponseWriter, _ *http.Request) {
		sent++

		w.WriteHeader(http.StatusNoContent)
	}))

	resp, err := transport.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://klaviyo.test/api/nothing", http.NoBody))
	if err != nil {
		t.Fatal(err)
	}

	defer resp.Body.Close()

	if sent != 1 {
		t.Errorf("%d requests got through, want 1", sent)
	}

	if contract.Load(t); len(watch.errors) != 1 {
		t.Errorf("errors: %q, want one about an unknown path", watch.errors)
	}
}
