package bulksync_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/functions/bulksync"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// idle is a queue that takes tasks and never delivers them: the runs stay where they are.
type idle struct{ err error }

func (q idle) Enqueue(context.Context, bulk.Task, time.Duration) error { return q.err }

// api is BulkSync on a server, and what it says of itself.
type api struct {
	url   string
	store *embedded.Store

	description
}

func serve(t *testing.T, queue bulk.Queue) api {
	t.Helper()

	store := bulktest.NewStore(t)

	control := bulk.NewControl(store, queue, loggingtest.New(t))

	return serveBy(t, store, func() (*bulk.Control, error) { return control, nil })
}

// serveBy serves what a control keeps in a store.
func serveBy(t *testing.T, store *embedded.Store, control func() (*bulk.Control, error)) api {
	t.Helper()

	server := httptest.NewServer(bulksync.New(control, loggingtest.New(t)))
	t.Cleanup(server.Close)

	return api{url: server.URL, store: store, description: describedAt(t, server.URL)}
}

type answer struct {
	Run      string `json:"run"`
	Resource string `json:"resource"`
	Status   string `json:"status"`
	Error    struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// call sends a request, and holds it and the answer to the description.
func (a api) call(t *testing.T, method, path, body string) (int, []byte) {
	t.Helper()

	req, err := http.NewRequestWithContext(t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}

	req.Header.Set("Content-Type", "application/json")

	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()

	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}

	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("%s %s: Content-Type = %q", method, path, got)
	}

	a.check(t, req, body, resp, data)

	return resp.StatusCode, data
}

func decode(t *testing.T, data []byte) answer {
	t.Helper()

	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		t.Fatalf("%s: %v", data, err)
	}

	return a
}

func TestAnswers(t *testing.T) {
	t.Parallel()

	api := serve(t, idle{})

	for name, c := range map[string]struct {
		method, path, body string
		status             int
		code, message      string
	}{
		"unknown resource":         {"POST", "/sync/carts", "", 404, "unknown_resource", `"carts"`},
		"status of an unknown one": {"GET", "/sync/carts", "", 404, "unknown_resource", `"carts"`},
		"stop of an unknown one":   {"POST", "/sync/carts/stop", "", 404, "unknown_resource", `"carts"`},
		"no JSON":                  {"POST", "/sync/customers", "{", 400, "invalid_body", "unexpected EOF"},
		"unknown field":            {"POST", "/sync/customers", `{"foo":1}`, 400, "invalid_body", "foo: is unknown"},
		"wrong type":               {"POST", "/sync/customers", `{"ids":1}`, 400, "invalid_body", "ids: must be"},
		"too large":                {"POST", "/sync/customers", strings.Repeat(" ", 1<<20+1), 413, "body_too_large", "1048576"},
		"nothing to stop":          {"POST", "/sync/customers/stop", "", 400, "not_running", "no import of customers"},
		"wrong method":             {"DELETE", "/sync/customers", "", 405, "method_not_allowed", "GET, POST"},
		"wrong method of this":     {"POST", "/openapi.yaml", "", 405, "method_not_allowed", "GET"},
		"wrong method of stop":     {"GET", "/sync/customers/stop", "", 405, "method_not_allowed", "POST"},
		"elsewhere":                {"GET", "/", "", 404, "not_found", "/openapi.yaml"},
		"two slashes":              {"GET", "/sync//status", "", 404, "not_found", "/openapi.yaml"},
		"a dot":                    {"GET", "/sync/./status", "", 404, "not_found", "/openapi.yaml"},
		"two slashes in front":     {"POST", "//sync/customers", "", 404, "not_found", "/openapi.yaml"},
		"deeper":                   {"POST", "/sync/customers/start", "", 404, "not_found", "/openapi.yaml"},
		"errors":                   {"GET", "/sync/customers?errors=many", "", 400, "invalid_query", "0 to 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			status, data := api.call(t, c.method, c.path, c.body)
			if a := decode(t, data); status != c.status || a.Error.Code != c.code || !strings.Contains(a.Error.Message, c.message) {
				t.Errorf("answer = %d %s, want %d, code %s, message with %q", status, data, c.status, c.code, c.message)
			}
		})
	}
}

func TestStartStopProgress(t *testing.T) {
	t.Parallel()

	api := serve(t, idle{})

	_, data := api.call(t, "GET", "/sync/customers", "")
	if a := decode(t, data); a.Status != "never" {
		t.Errorf("before the first import: %s", data)
	}

	status, data := api.call(t, "POST", "/sync/customers", `{"dryRun":true}`)
	first := decode(t, data)

	if status != 202 || first.Run == "" || first.Resource != "customers" || first.Status != "running" {
		t.Errorf("start = %d %s", status, data)
	}

	status, data = api.call(t, "POST", "/sync/customers", "")
	if a := decode(t, data); status != 409 || a.Run != first.Run || a.Error.Code != "already_running" {
		t.Errorf("second start = %d %s, want 409 and the run %s", status, data, first.Run)
	}

	_, data = api.call(t, "GET", "/sync/status", "")

	var all map[string]answer
	if err := json.Unmarshal(data, &all); err != nil || all["customers"].Run != first.Run {
		t.Errorf("status = %s %v", data, err)
	}

	status, data = api.call(t, "POST", "/sync/customers/stop", "")
	if a := decode(t, data); status != 200 || a.Run != first.Run || a.Status != "stopped" {
		t.Errorf("stop = %d %s", status, data)
	}

	if status, data := api.call(t, "POST", "/sync/customers", ""); status != 202 {
		t.Errorf("start after the stop = %d %s", status, data)
	}
}

func TestRacers(t *testing.T) {
	t.Parallel()

	const racers = 200

	api := serve(t, idle{})

	var (
		racing   sync.WaitGroup
		mu       sync.Mutex
		statuses = map[int]int{}
		runs     = map[string]int{}
	)

	for range racers {
		racing.Go(func() {
			status, data := api.call(t, "POST", "/sync/customers", "")

			mu.Lock()
			defer mu.Unlock()

			statuses[status]++
			runs[decode(t, data).Run]++
		})
	}

	racing.Wait()

	if statuses[202] != 1 || statuses[409] != racers-1 || len(runs) != 1 {
		t.Errorf("statuses = %v, runs = %v; want one 202, %d × 409, all with one run", statuses, runs, racers-1)
	}
}

func TestQueueIsAway(t *testing.T) {
	t.Parallel()

	api := serve(t, idle{err: errors.New("away")})

	status, data := api.call(t, "POST", "/sync/customers", "")
	if a := decode(t, data); status != 503 || a.Error.Code != "unavailable" {
		t.Errorf("start = %d %s, want 503", status, data)
	}

	run, err := api.store.Run(t.Context(), bulk.Customers)
	if err != nil || run.Status == bulk.Running {
		t.Errorf("run = %+v %v, want that the lock is free", run, err)
	}
}
