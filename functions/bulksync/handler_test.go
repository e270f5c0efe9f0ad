package bulksync_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/functions/bulksync"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
)

// idle is a queue that takes tasks and never delivers them: the runs stay where they are.
type idle struct{ err error }

func (q idle) Enqueue(context.Context, bulk.Task, time.Duration) error { return q.err }

func serve(t *testing.T, queue bulk.Queue) (url string, store *embedded.Store) {
	t.Helper()

	store, err := embedded.Open(filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}

	log := slog.New(slog.DiscardHandler)
	server := httptest.NewServer(bulksync.New(func() (*bulk.Control, error) { return bulk.NewControl(store, queue, log), nil }, log))

	t.Cleanup(func() {
		server.Close()

		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})

	return server.URL, store
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

func call(t *testing.T, method, url, body string) (int, []byte) {
	t.Helper()

	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}

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
		t.Errorf("%s %s: Content-Type = %q", method, url, got)
	}

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

	url, _ := serve(t, idle{})

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
		"wrong method of stop":     {"GET", "/sync/customers/stop", "", 405, "method_not_allowed", "POST"},
		"elsewhere":                {"GET", "/", "", 404, "not_found", "/sync/status"},
		"deeper":                   {"POST", "/sync/customers/start", "", 404, "not_found", "/sync/status"},
		"errors":                   {"GET", "/sync/customers?errors=many", "", 400, "invalid_query", "0 to 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			status, data := call(t, c.method, url+c.path, c.body)
			if a := decode(t, data); status != c.status || a.Error.Code != c.code || !strings.Contains(a.Error.Message, c.message) {
				t.Errorf("answer = %d %s, want %d, code %s, message with %q", status, data, c.status, c.code, c.message)
			}
		})
	}
}

func TestStartStopProgress(t *testing.T) {
	t.Parallel()

	url, _ := serve(t, idle{})

	_, data := call(t, "GET", url+"/sync/customers", "")
	if a := decode(t, data); a.Status != "never" {
		t.Errorf("before the first import: %s", data)
	}

	status, data := call(t, "POST", url+"/sync/customers", `{"dryRun":true}`)
	first := decode(t, data)

	if status != 202 || first.Run == "" || first.Resource != "customers" || first.Status != "running" {
		t.Errorf("start = %d %s", status, data)
	}

	status, data = call(t, "POST", url+"/sync/customers", "")
	if a := decode(t, data); status != 409 || a.Run != first.Run || a.Error.Code != "already_running" {
		t.Errorf("second start = %d %s, want 409 and the run %s", status, data, first.Run)
	}

	_, data = call(t, "GET", url+"/sync/status", "")

	var all map[string]answer
	if err := json.Unmarshal(data, &all); err != nil || all["customers"].Run != first.Run {
		t.Errorf("status = %s %v", data, err)
	}

	status, data = call(t, "POST", url+"/sync/customers/stop", "")
	if a := decode(t, data); status != 200 || a.Run != first.Run || a.Status != "stopped" {
		t.Errorf("stop = %d %s", status, data)
	}

	if status, data := call(t, "POST", url+"/sync/customers", ""); status != 202 {
		t.Errorf("start after the stop = %d %s", status, data)
	}
}

func TestRacers(t *testing.T) {
	t.Parallel()

	const racers = 200

	url, _ := serve(t, idle{})

	var (
		racing   sync.WaitGroup
		mu       sync.Mutex
		statuses = map[int]int{}
		runs     = map[string]int{}
	)

	for range racers {
		racing.Go(func() {
			status, data := call(t, "POST", url+"/sync/customers", "")

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

	url, store := serve(t, idle{err: errors.New("away")})

	status, data := call(t, "POST", url+"/sync/customers", "")
	if a := decode(t, data); status != 503 || a.Error.Code != "unavailable" {
		t.Errorf("start = %d %s, want 503", status, data)
	}

	run, err := store.Run(t.Context(), bulk.Customers)
	if err != nil || run.Status == bulk.Running {
		t.Errorf("run = %+v %v, want that the lock is free", run, err)
	}
}
