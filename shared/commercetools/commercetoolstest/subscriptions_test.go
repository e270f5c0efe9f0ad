package commercetoolstest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

const (
	pubSub = `{"type":"GoogleCloudPubSub","projectId":"p","topic":"t"}`
	orders = `{"key":"ctk-orders","destination":` + pubSub + `,"changes":[{"resourceTypeId":"order"}]}`
)

// call sends a request with a good token. It also returns the subscription that the answer holds, as JSON.
func call(t *testing.T, s http.Handler, method, path, body string) (answer, map[string]any) {
	t.Helper()

	r := httptest.NewRequestWithContext(t.Context(), method, "/shop/subscriptions"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token(t, s))

	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)

	a, raw := answer{Status: w.Code}, w.Body.Bytes()

	var one map[string]any

	for _, into := range []any{&a, &one} {
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, raw)
		}
	}

	return a, one
}

func TestSubscriptionLife(t *testing.T) {
	t.Parallel()

	s := commercetoolstest.NewServer("shop")

	a, one := call(t, s, http.MethodPost, "", orders)
	if a.Status != http.StatusCreated || one["status"] != "Healthy" || one["version"] != 1.0 {
		t.Errorf("create: %d %v", a.Status, one)
	}

	id, ok := one["id"].(string)
	if !ok {
		t.Fatalf("no id: %v", one)
	}

	a, one = call(t, s, http.MethodPost, "/key=ctk-orders", `{"version":1,"actions":[
		{"action":"setMessages","messages":[{"resourceTypeId":"order","types":["OrderCreated"]}]},
		{"action":"setChanges","changes":[]},
		{"action":"changeDestination","destination":{"type":"GoogleCloudPubSub","projectId":"p","topic":"u"}}]}`)
	if a.Status != http.StatusOK {
		t.Errorf("update: %d %v", a.Status, a.Errors)
	}

	delete(one, "createdAt")
	delete(one, "lastModifiedAt")

	want := map[string]any{
		"id": id, "version": 2.0, "key": "ctk-orders", "status": "Healthy", "format": map[string]any{"type": "Platform"},
		"destination": map[string]any{"type": "GoogleCloudPubSub", "projectId": "p", "topic": "u"},
		"messages":    []any{map[string]any{"resourceTypeId": "order", "types": []any{"OrderCreated"}}},
		"changes":     []any{}, "events": nil,
	}
	if diff := cmp.Diff(want, one); diff != "" {
		t.Errorf("updated (-want +got):\n%s", diff)
	}

	for path, want := range map[string]int{"/" + id: 200, "/key=ctk-orders": 200, "/key=" + id: 404, "/ctk-orders": 404} {
		if a, _ := call(t, s, http.MethodGet, path, ""); a.Status != want {
			t.Errorf("GET %s: %d, want %d", path, a.Status, want)
		}
	}

	if a, _ := call(t, s, http.MethodDelete, "/"+id+"?version=2", ""); a.Status != http.StatusOK {
		t.Errorf("delete: %d %v", a.Status, a.Errors)
	}

	if a, _ := call(t, s, http.MethodGet, "", ""); a.Status != http.StatusOK || a.Count != 0 {
		t.Errorf("afterwards there are %d, and status %d", a.Count, a.Status)
	}
}

func TestSubscriptionRefusals(t *testing.T) {
	t.Parallel()

	s := commercetoolstest.NewServer("shop")
	if a, _ := call(t, s, http.MethodPost, "", orders); a.Status != http.StatusCreated {
		t.Fatalf("create: %d %v", a.Status, a.Errors)
	}

	const update = `{"version":1,"actions":[`

	tests := map[string]struct {
		method, path, body string
		status             int
		code               string
	}{
		"key is taken":         {"POST", "", orders, 400, "DuplicateField"},
		"no JSON":              {"POST", "", `{`, 400, "InvalidInput"},
		"unknown field":        {"POST", "", `{"target":{}}`, 400, "InvalidInput"},
		"nothing to send":      {"POST", "", `{"destination":` + pubSub + `}`, 400, "InvalidInput"},
		"no destination":       {"POST", "", `{"changes":[{"resourceTypeId":"order"}]}`, 400, "InvalidInput"},
		"topic's full name":    {"POST", "", strings.NewReplacer(`"t"`, `"projects/p/topics/t"`, "ctk-orders", "x").Replace(orders), 400, "InvalidInput"},
		"changes with types":   {"POST", "/key=ctk-orders", update + `{"action":"setChanges","changes":[{"resourceTypeId":"order","types":["X"]}]}]}`, 400, "InvalidInput"},
		"another version":      {"POST", "/key=ctk-orders", `{"version":2,"actions":[]}`, 409, "ConcurrentModification"},
		"unknown action":       {"POST", "/key=ctk-orders", update + `{"action":"setFormat"}]}`, 400, "InvalidInput"},
		"nothing in between":   {"POST", "/key=ctk-orders", update + `{"action":"setChanges"},{"action":"setMessages","messages":[{"resourceTypeId":"order"}]}]}`, 400, "InvalidInput"},
		"update of none":       {"POST", "/key=x", `{"version":1,"actions":[]}`, 404, "ResourceNotFound"},
		"delete without":       {"DELETE", "/key=ctk-orders", "", 400, "InvalidInput"},
		"delete another":       {"DELETE", "/key=ctk-orders?version=7", "", 409, "ConcurrentModification"},
		"delete none":          {"DELETE", "/key=x?version=1", "", 404, "ResourceNotFound"},
		"query by what is not": {"GET", "?where=topic%3D%22t%22", "", 400, "InvalidInput"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if a, _ := call(t, s, tt.method, tt.path, tt.body); a.Status != tt.status || a.code() != tt.code {
				t.Errorf("%d %q, want %d %q", a.Status, a.code(), tt.status, tt.code)
			}
		})
	}
}

func TestSubscriptionScope(t *testing.T) {
	t.Parallel()

	for scope, want := range map[string]int{
		"": http.StatusOK,
		"view_orders:shop manage_subscriptions:shop": http.StatusOK,
		"view_orders:shop":                           http.StatusForbidden,
	} {
		s := commercetoolstest.NewServer("shop")

		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/oauth/token", strings.NewReader("grant_type=client_credentials&scope="+scope))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(commercetoolstest.ClientID, commercetoolstest.ClientSecret)
		bearer := "Bearer " + do(t, s, r).AccessToken

		for path, want := range map[string]int{"/shop/subscriptions": want, "/shop/customers": http.StatusOK} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
			r.Header.Set("Authorization", bearer)

			if a := do(t, s, r); a.Status != want {
				t.Errorf("scope %q, GET %s: %d, want %d", scope, path, a.Status, want)
			}
		}
	}
}
