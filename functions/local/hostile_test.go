package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// refusedIDs can't be an id; those of passedIDs are odd, but stay one segment of a path and one text of a predicate or filter.
func refusedIDs() map[string]string {
	return map[string]string{
		"dots": "..", "a way up": "../orders", "escaped twice": "..%2Forders/x", "a slash": "a/b", "a backslash": `a\b`, "a key": "key=a",
		"a newline": "a\r\nHost: elsewhere", "NUL": "a\x00b", "large": strings.Repeat("a", 1<<20),
	}
}

func passedIDs() map[string]string {
	return map[string]string{
		"quotes": `a") or id in ("b`, "a filter": `a"),equals(id,"b`, "a query": "a?expand[]&x", "a fragment": "a#b", "percent": "%2e%2e%2f", "Unicode": "ü漢\u202e🙂",
		"a parameter": "a;b:::c", "markup": "<script>'--",
	}
}

// hostileMessages are messages of each kind about a resource, by function.
func hostileMessages(t *testing.T, id string) map[string][]string {
	t.Helper()

	all := map[string][]string{}

	for function, m := range map[string]struct{ typeID, kind string }{
		"CustomerEvents":  {"customer", "CustomerCreated"},
		"OrderEvents":     {"order", "OrderCreated"},
		"PaymentEvents":   {"payment", "PaymentTransactionAdded"},
		"CategoryEvents":  {"category", "CategoryCreated"},
		"ProductEvents":   {"product", "ProductPublished"},
		"InventoryEvents": {"inventory-entry", ""},
	} {
		all[function] = []string{functiontest.Change(t, m.typeID, id, "ResourceUpdated"), functiontest.Change(t, m.typeID, id, "ResourceDeleted")}
		if m.kind != "" {
			all[function] = append(all[function], functiontest.TooLarge(t, m.typeID, id, m.kind), functiontest.Message(t, m.typeID, id, m.kind, nil))
		}
	}

	return all
}

// A message whose resource's id can't be one is parked by every function, and no request is made with it.
func TestRefusedIDs(t *testing.T) {
	t.Parallel()

	for name, id := range refusedIDs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for function, payloads := range hostileMessages(t, id) {
				for i, payload := range payloads {
					status, parked, requests := handled(t, function, payload, func(*http.Request) {})
					if status != http.StatusNoContent || parked != 1 || requests != 0 {
						t.Errorf("%s, message %d: status %d, %d parked, %d requests", function, i, status, parked, requests)
					}
				}
			}
		})
	}
}

// An odd id names that resource, which isn't there, and nothing else.
func TestPassedIDs(t *testing.T) {
	t.Parallel()

	for name, id := range passedIDs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			all := hostileMessages(t, id)
			all["PaymentEvents"] = all["PaymentEvents"][:3] // the fourth is parked, as it has no transaction

			for function, payloads := range all {
				for i, payload := range payloads {
					if status, parked, _ := handled(t, function, payload, aboutOnly(t, id)); status != http.StatusNoContent || parked != 0 {
						t.Errorf("%s, message %d: status %d, %d parked", function, i, status, parked)
					}
				}
			}
		})
	}
}

// aboutOnly fails at a request about anything but an id.
func aboutOnly(t *testing.T, id string) func(*http.Request) {
	t.Helper()

	return func(r *http.Request) {
		last := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		if last = strings.TrimPrefix(last, "$custom:::$default:::"); last != id || strings.Contains(r.URL.RawQuery, "[]") {
			t.Errorf("%s %s?%s is not about %q", r.Method, r.URL.Path, r.URL.RawQuery, id)
		}
	}
}

// handled lets a function handle a payload between an empty commercetools and an empty Klaviyo. Each request for something
// is shown to look.
func handled(t *testing.T, function, payload string, look func(*http.Request)) (status, parked int, requests int64) {
	t.Helper()

	var n atomic.Int64

	looked := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/oauth/token") {
				n.Add(1)
				look(r)
			}

			h.ServeHTTP(w, r)
		})
	}

	var kept parkedInTest

	i := inMemory(t, looked(commercetoolstest.NewServer("demo")), looked(klaviyotest.New(klaviyotest.Options{})), &kept)
	w := httptest.NewRecorder()
	i[function](w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(functiontest.Push(t, payload))))

	return w.Code, len(kept.all), n.Load()
}

// The headers of a CloudEvent decide how the body is read, and get nowhere else.
func TestHostileHeaders(t *testing.T) {
	t.Parallel()

	hostile := passedIDs()
	maps.Copy(hostile, refusedIDs())

	for name, value := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, header := range []string{
				"Ce-Specversion", "Ce-Id", "Ce-Type", "Ce-Source", "Ce-Subject", "Ce-Time", "Content-Type", "Traceparent", "X-Cloud-Trace-Context",
			} {
				checkHeader(t, header, value)
			}
		})
	}
}

func checkHeader(t *testing.T, header, value string) {
	t.Helper()

	payload := functiontest.Push(t, functiontest.Change(t, "category", "gone", "ResourceDeleted"))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(payload))
	r.Header = http.Header{
		"Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Type": {"google.cloud.pubsub.topic.v1.messagePublished"}, "Ce-Source": {"//pubsub"},
		"Content-Type": {"application/json"},
	}
	r.Header[header] = []string{value}

	var kept parkedInTest

	i := inMemory(t, commercetoolstest.NewServer("demo"), klaviyotest.New(klaviyotest.Options{}), &kept)
	w := httptest.NewRecorder()
	i["CategoryEvents"](w, r)

	if w.Code != http.StatusNoContent || len(w.Header()) > 0 {
		t.Errorf("%s: answer %d %v", header, w.Code, w.Header())
	}

	for _, p := range kept.all {
		for attribute, v := range p.Attributes {
			if len(v) > 1024 { // Pub/Sub's bound
				t.Errorf("%s: parked with %s of %d bytes", header, attribute, len(v))
			}
		}
	}
}
