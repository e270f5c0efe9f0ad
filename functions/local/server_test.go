package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A web page that is open on this machine starts nothing: by a request of its own, or under a name that leads here.
func TestServerIsForThisMachine(t *testing.T) {
	t.Parallel()

	handler := forThisMachine(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))

	for name, c := range map[string]struct {
		host   string
		header http.Header
		want   int
	}{
		"curl":             {"127.0.0.1:8080", nil, http.StatusNoContent},
		"curl localhost":   {"localhost:8080", nil, http.StatusNoContent},
		"IPv6":             {"[::1]:8080", nil, http.StatusNoContent},
		"another page":     {"127.0.0.1:8080", http.Header{"Sec-Fetch-Site": {"cross-site"}}, http.StatusForbidden},
		"an older browser": {"127.0.0.1:8080", http.Header{"Origin": {"https://evil.example"}}, http.StatusForbidden},
		"another name":     {"evil.example:8080", nil, http.StatusMisdirectedRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sync/products", strings.NewReader("{}"))
			r.Host = c.host

			if c.header != nil {
				r.Header = c.header
			}

			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)

			if w.Code != c.want {
				t.Errorf("status %d, want %d", w.Code, c.want)
			}
		})
	}
}
