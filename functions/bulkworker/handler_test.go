package bulkworker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// post is the function with a queue that the test empties task by task.
type post struct {
	bulktest.Queue

	handler http.Handler
	control *bulk.Control
	// log has a line after each delivery.
	log bytes.Buffer
}

// newPost returns the function with these importers.
func newPost(t *testing.T, importers map[bulk.Resource]bulk.Importer) *post {
	t.Helper()

	p, store := &post{}, bulktest.NewStore(t)
	log := loggingtest.New(t, &p.log)
	worker := bulk.NewWorker(store, p, importers, log)
	p.handler = bulkworker.New(func() (*bulk.Worker, error) { return worker, nil }, log)
	p.control = bulk.NewControl(store, p, log)

	return p
}

func (p *post) start(t *testing.T) {
	t.Helper()

	if _, err := p.control.Start(t.Context(), bulk.Customers, bulk.Options{}); err != nil {
		t.Fatal(err)
	}
}

// deliver posts the next task, and tells whether there was one.
func (p *post) deliver(t *testing.T) (*httptest.ResponseRecorder, bool) {
	t.Helper()

	task, ok := p.Next()
	if !ok {
		return nil, false
	}

	return p.post(t, task, ""), true
}

// post posts a task that has been delivered so often before.
func (p *post) post(t *testing.T, task bulk.Task, before string) *httptest.ResponseRecorder {
	t.Helper()

	body, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}

	w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
	r.Header.Set("X-CloudTasks-TaskRetryCount", before)
	p.handler.ServeHTTP(w, r)

	return w
}

// failing is an importer whose every step fails so.
type failing struct{ err error }

func (f failing) Plan(context.Context, bulk.Options) (bulk.Plan, error) {
	return bulk.Plan{}, f.err
}

func (f failing) Import(context.Context, bulk.Work) (bulk.Page, error) { return bulk.Page{}, f.err }

func (f failing) Settle(context.Context, bulk.Work, []bulk.Job) (bulk.Settled, error) {
	return bulk.Settled{}, f.err
}

func TestComeBack(t *testing.T) {
	t.Parallel()

	limited := func(after time.Duration) error {
		return &klaviyo.Error{Status: http.StatusTooManyRequests, Operation: "POST /api/x", RetryAfter: after}
	}

	for name, c := range map[string]struct {
		err        error
		status     int
		retryAfter string
	}{
		"a second and a half":       {limited(1500 * time.Millisecond), 429, "2"},
		"just over a second":        {limited(time.Second + 1), 429, "2"},
		"a second":                  {limited(time.Second), 429, "1"},
		"a minute":                  {limited(time.Minute), 429, "60"},
		"40 hours":                  {limited(40 * time.Hour), 429, "300"},
		"less than a second":        {limited(time.Millisecond), 429, "1"},
		"limited, without a pause":  {limited(0), 429, "1"},
		"Klaviyo's trouble":         {&klaviyo.Error{Status: 503, RetryAfter: time.Minute}, 503, ""},
		"commercetools' limit":      {&commercetools.Error{Status: 429, RetryAfter: time.Minute}, 503, ""},
		"the connection was reset":  {errors.New("connection reset"), 503, ""},
		"the run can't go on: done": {&bulk.FatalError{Reason: "the key is wrong"}, 204, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p := newPost(t, map[bulk.Resource]bulk.Importer{bulk.Customers: failing{fmt.Errorf("planning: %w", c.err)}})
			p.start(t)

			w, ok := p.deliver(t)
			if !ok {
				t.Fatal("there is no task")
			}

			if got := w.Header().Get("Retry-After"); w.Code != c.status || got != c.retryAfter {
				t.Errorf("answer = %d, Retry-After %q, want %d, %q", w.Code, got, c.status, c.retryAfter)
			}
		})
	}
}

func TestHandlerAnswers(t *testing.T) {
	t.Parallel()

	log := loggingtest.New(t)
	unavailable := func() (*bulk.Worker, error) { return nil, io.ErrUnexpectedEOF }
	task := `{"run":"r","epoch":1,"resource":"customers"}`

	for name, c := range map[string]struct {
		method, body string
		status       int
	}{
		"no settings": {http.MethodPost, task, 503},
		"unreadable":  {http.MethodPost, "nonsense", 400},
		"too large":   {http.MethodPost, strings.Repeat(" ", 1<<20+1), 413},
		"get":         {http.MethodGet, "", 405},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := httptest.NewRecorder()
			bulkworker.New(unavailable, log).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), c.method, "/", strings.NewReader(c.body)))

			if w.Code != c.status {
				t.Errorf("status = %d, want %d", w.Code, c.status)
			}
		})
	}
}
