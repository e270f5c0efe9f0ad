package bulksync_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/functions/bulksync"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

func hostile() map[string]string {
	return map[string]string{
		"quotes": `a") or id in ("b`, "a backslash": `a\b`, "a way up": "../orders", "a slash": "a/b", "a newline": "a\r\nb", "NUL": "a\x00b",
		"Unicode": "ü漢\u202e🙂", "large": strings.Repeat("a", 600_000), "almost one": "043cf898-d6f7-4572-b0c9-7e65a577069e\n",
		"in braces": "{043cf898-d6f7-4572-b0c9-7e65a577069e}",
	}
}

// Nothing that a body can hold but ids gets further: it would end in predicates and in the lock document.
func TestHostileBodies(t *testing.T) {
	t.Parallel()

	a := serve(t, idle{})

	for name, text := range hostile() {
		for _, body := range []map[string]any{
			{"ids": []string{"043cf898-d6f7-4572-b0c9-7e65a577069e", text}}, {"startId": text}, {"since": text}, {"confirmDeletion": text}, {text: true},
		} {
			data, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}

			status, got := a.call(t, http.MethodPost, "/sync/orders", string(data))
			if refused := decode(t, got); status != http.StatusBadRequest || refused.Error.Code != "invalid_body" {
				t.Errorf("%s: %d %.200s", name, status, got)
			}
		}
	}

	if status, got := a.call(t, http.MethodPost, "/sync/orders", `{"ids":["`+strings.Repeat("a", 1<<20)+`"]}`); status != http.StatusRequestEntityTooLarge {
		t.Errorf("more than 1 MiB: %d %.200s", status, got)
	}

	if run, err := a.store.Run(t.Context(), bulk.Orders); err != nil || run.ID != "" {
		t.Errorf("a run has begun: %+v, %v", run, err)
	}
}

// A path names one of four resources, or nothing.
func TestHostilePaths(t *testing.T) {
	t.Parallel()

	h := bulksync.New(func() (*bulk.Control, error) {
		t.Error("the store was asked")

		return nil, bulk.ErrNotRunning
	}, loggingtest.New(t))

	for name, text := range hostile() {
		for _, path := range []string{"/sync/" + text, "/sync/" + text + "/stop", "/" + text, "/sync/orders/" + text} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
			r.URL.Path = path
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)

			// A path that isn't clean is redirected to the clean one.
			if w.Code != http.StatusNotFound && w.Code != http.StatusTemporaryRedirect && w.Code != http.StatusMovedPermanently {
				t.Errorf("%s: %d %.200s", name, w.Code, w.Body)
			}
		}
	}
}
