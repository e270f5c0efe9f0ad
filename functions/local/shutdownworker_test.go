package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/loggingtest"
	"github.com/ctklaviyo/connector/shared/once"
	"github.com/ctklaviyo/connector/shared/settings"
)

// workerOnDisk is BulkWorker as it is deployed, but for its state: in the file STATE, and the tasks that it enqueues go to
// the test, at QUEUE.
const workerOnDisk = "WorkerOnDisk"

func startWorkerOnDisk(variables envconfig.Lookuper, log io.Writer) http.Handler {
	logger := logging.New(log, slog.LevelInfo, "")

	return bulkworker.New(once.Success(func() (*bulk.Worker, error) {
		env, err := settings.Load[environment](context.Background(), variables)
		if err != nil {
			return nil, err
		}

		cfg, err := env.Config()
		if err != nil {
			return nil, err
		}

		store, err := embedded.Open(os.Getenv("STATE"))
		if err != nil {
			return nil, err
		}

		ct, kl := commercetools.New(env.Commercetools.Client()), klaviyo.New(env.Klaviyo.Client())
		queue := elsewhere(os.Getenv("QUEUE"))

		return bulk.NewWorker(store, queue, bulkworker.Importers(ct, kl, env.Shop, cfg), logger), nil
	}), logger)
}

// elsewhere is the address of a queue.
type elsewhere string

// Enqueue implements bulk.Queue.
func (e elsewhere) Enqueue(ctx context.Context, t bulk.Task, _ time.Duration) error {
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, string(e), bytes.NewReader(body))
	if err != nil {
		return err
	}

	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return err
	}

	return resp.Body.Close()
}

// tasks are those that a queue still has to deliver, in the test's process.
type tasks struct {
	mu   sync.Mutex
	seen map[string]bool
	left []string
}

// ServeHTTP takes a task from the worker.
func (q *tasks) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // a task that breaks off can't be read, and fails the test

	q.mu.Lock()
	defer q.mu.Unlock()

	if !q.seen[string(body)] {
		q.seen[string(body)] = true
		q.left = append(q.left, string(body))
	}
}

// next takes a task out; "" is none.
func (q *tasks) next() string {
	q.mu.Lock()
	defer q.mu.Unlock()

	if len(q.left) == 0 {
		return ""
	}

	task := q.left[0]
	q.left = q.left[1:]

	return task
}

// again puts a task back.
func (q *tasks) again(task string) {
	q.mu.Lock()
	defer q.mu.Unlock()

	q.left = append(q.left, task)
}

// SIGTERM comes while a page is on its way to Klaviyo, where it is stuck. The task is cut off and answered, so that Cloud
// Tasks delivers it again, and another instance imports the page.
func TestShutdownOfAnImport(t *testing.T) {
	t.Parallel()

	if testing.Short() {
		t.Skip("it waits for a task that is stuck")
	}

	const customers = 700

	g := &holdUp{pass: make(chan struct{})}
	s := newShop(t, customers, klaviyotest.Options{}, g.before)
	queue := &tasks{seen: map[string]bool{}}
	server := httptest.NewServer(queue)
	t.Cleanup(server.Close)

	state := filepath.Join(t.TempDir(), "state.db")
	env := append(s.env, "STATE="+state, "QUEUE="+server.URL)

	begun(t, state, elsewhere(server.URL))

	url, first := startFunction(t, workerOnDisk, env)

	var got answers

	plan := queue.next()
	got.post(t.Context(), url, plan)

	page := queue.next()
	answered := make(chan struct{})

	go func() {
		defer close(answered)

		got.post(t.Context(), url, page)
	}()

	g.until(t, 1)

	begin := terminate(t, first)

	<-answered
	expectEnd(t, first, begin)
	got.expect(t, map[int]int{http.StatusNoContent: 1, http.StatusServiceUnavailable: 1}) // the plan is done

	close(g.pass)
	queue.again(page)

	url, _ = startFunction(t, workerOnDisk, env)

	for n := 0; ; n++ {
		task := queue.next()
		if task == "" {
			break
		}

		if status, body := call(t, http.MethodPost, url, task); status != http.StatusNoContent || n == 100 {
			t.Fatalf("task %s: %d %s", task, status, body)
		}
	}

	s.wantAll(t, customers)
}

// begun begins an import, and leaves its state to another process.
func begun(t *testing.T, state string, queue bulk.Queue) {
	t.Helper()

	store, err := embedded.Open(state)
	if err != nil {
		t.Fatal(err)
	}

	if _, err := bulk.NewControl(store, queue, loggingtest.New(t)).Start(t.Context(), bulk.Customers, bulk.Options{}); err != nil {
		t.Fatal(err)
	}

	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}
