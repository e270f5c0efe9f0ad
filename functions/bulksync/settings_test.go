package bulksync

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// TestMissingSettings: the function answers, and its log names what is missing.
func TestMissingSettings(t *testing.T) {
	t.Parallel()

	var log bytes.Buffer

	h := newHandler(envconfig.MapLookuper(map[string]string{"TASKS_QUEUE": "mine", "LOG_LEVEL": "debug"}),
		io.MultiWriter(&log, loggingtest.Writer(t)))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sync/customers", strings.NewReader("{}")))

	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("status = %d, want 503", w.Code)
	}

	for _, want := range []string{"GOOGLE_CLOUD_PROJECT is required", "TASKS_QUEUE: must be", "WORKER_URL is required"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, &log)
		}
	}
}
