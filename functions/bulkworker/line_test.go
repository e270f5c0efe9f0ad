package bulkworker_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/settings"
)

// Each delivery of a task leaves one line, and its requests are those that were sent for it, repeats and tokens included.
func TestOneLineForEachTask(t *testing.T) {
	t.Parallel()

	shop, account := commercetoolstest.NewServer("demo"), klaviyotest.New(klaviyotest.Options{Key: "pk_test"})
	shop.Fill(commercetoolstest.NewShop(3, commercetoolstest.Size{Customers: 20}))

	refused := functiontest.First("POST /api/profile-bulk-import-jobs", faulttest.Fault{Status: 503})
	ct := commercetools.New(functiontest.CommercetoolsConfig(functiontest.Memory("http://commercetools.example", shop)))
	kl := klaviyo.New(functiontest.KlaviyoConfig(functiontest.Memory("http://klaviyo.example", faulttest.Wrap(account, refused))))

	p := newPost(t, bulkworker.Importers(ct, kl, settings.Shop{}, settings.Config{}))
	p.start(t)

	var total int64

	for n := 0; ; n++ {
		task, ok := p.Next()
		if !ok {
			break
		}

		before := ct.Requests() + kl.Requests()

		if w := p.post(t, task, ""); w.Code != http.StatusNoContent {
			t.Fatalf("task %d: status %d", n, w.Code)
		}

		sent := ct.Requests() + kl.Requests() - before
		total += sent

		want := map[string]any{
			"level": "INFO", "msg": "task handled", "function": "BulkWorker", "outcome": "done", "resource": "customers",
			"run": task.Run, "shard": float64(task.Shard), "page": float64(task.Page), "attempt": 1.0, "requests": float64(sent),
		}
		if diff := cmp.Diff(want, p.line(t), cmpopts.IgnoreMapEntries(func(k string, _ any) bool { return k == "time" || k == "milliseconds" })); diff != "" {
			t.Errorf("task %d: line (-want +got):\n%s", n, diff)
		}
	}

	// The plan's token and count, two pages, a batch that is sent twice, and its job.
	if total < 5 {
		t.Errorf("%d requests in all", total)
	}
}

func TestLineOfATaskThatComesBack(t *testing.T) {
	t.Parallel()

	p := newPost(t, map[bulk.Resource]bulk.Importer{bulk.Customers: failing{&klaviyo.Error{Status: 503, Operation: "POST /api/x"}}})
	p.start(t)

	task, _ := p.Next()

	if w := p.post(t, task, "11"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", w.Code)
	}

	if line := p.line(t); line["outcome"] != "later" || line["attempt"] != 12.0 || line["level"] != "WARN" || line["error"] == nil {
		t.Errorf("line = %v", line)
	}
}

// A task that nobody can read circles in the queue for good. Its line is one that Terraform's alert task_stuck reads, by outcome
// and attempt.
func TestLineOfATaskThatCantBeRead(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		body   io.Reader
		status int
		reason string
	}{
		"no JSON":          {strings.NewReader("nonsense"), http.StatusBadRequest, "the task is not JSON"},
		"no run":           {strings.NewReader("{}"), http.StatusBadRequest, "names no run"},
		"of a new version": {strings.NewReader(`{"run":"r","resource":"carts"}`), http.StatusBadRequest, "no import for"},
		"too large":        {strings.NewReader(strings.Repeat(" ", 1<<20+1)), http.StatusRequestEntityTooLarge, "too large"},
		"cut off":          {iotest.ErrReader(io.ErrUnexpectedEOF), http.StatusBadRequest, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p := newPost(t, nil)
			w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", c.body)
			r.Header.Set("X-CloudTasks-TaskRetryCount", "9")
			p.handler.ServeHTTP(w, r)

			if w.Code != c.status {
				t.Errorf("status %d, want %d", w.Code, c.status)
			}

			line := p.line(t)

			took, timed := line["milliseconds"].(float64)
			if reason := fmt.Sprint(line["error"]); !timed || took < 0 || !strings.HasPrefix(reason, "unreadable task: ") || !strings.Contains(reason, c.reason) {
				t.Errorf("line = %v, want how long it took, and %q", line, c.reason)
			}

			want := map[string]any{
				"level": "WARN", "msg": logging.TaskHandled, "function": "BulkWorker", "outcome": logging.Later, "attempt": 10.0, "requests": 0.0,
			}
			if diff := cmp.Diff(want, line, cmpopts.IgnoreMapEntries(func(k string, _ any) bool {
				return k == "time" || k == "milliseconds" || k == "error"
			})); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

// line returns the one line that was logged since the last.
func (p *post) line(t *testing.T) map[string]any {
	t.Helper()

	defer p.log.Reset()

	var line map[string]any
	if err := json.Unmarshal(p.log.Bytes(), &line); err != nil || bytes.Count(p.log.Bytes(), []byte("\n")) != 1 {
		t.Fatalf("want one line, got %q", &p.log)
	}

	return line
}
