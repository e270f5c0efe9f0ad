package bulkworker_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/functions/bulksync"
	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/bulk/cloud"
	"github.com/ctklaviyo/connector/shared/bulk/cloudtest"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// deployment is BulkSync twice and BulkWorker twice, on HTTP, with nothing in common but Firestore and Cloud Tasks.
type deployment struct {
	account *klaviyotest.Server
	// syncs are the addresses of BulkSync's instances.
	syncs [2]string
	// held holds back all requests for pages of customers while it is locked.
	held sync.RWMutex

	mu      sync.Mutex
	log     strings.Builder
	headers []http.Header
}

func deploy(t *testing.T, size commercetoolstest.Size) *deployment {
	t.Helper()

	d := &deployment{account: klaviyotest.New(klaviyotest.Options{JobTime: time.Second})}
	shop := commercetoolstest.NewServer("demo")
	shop.Fill(commercetoolstest.NewShop(5, size))

	transport := both(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/customers") && r.URL.Query().Get("sort") != "" {
			d.held.RLock()
			defer d.held.RUnlock()
		}

		shop.ServeHTTP(w, r)
	}), d.account)

	var (
		workers [2]http.Handler
		calls   atomic.Int64
	)

	// Cloud Run has a balancer before the instances. Each seventh answer is lost on the way.
	balancer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := calls.Add(1)

		d.mu.Lock()
		d.headers = append(d.headers, r.Header)
		d.mu.Unlock()

		if n%7 == 0 {
			workers[n%2].ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}

		workers[n%2].ServeHTTP(w, r)
	}))
	t.Cleanup(balancer.Close)

	project, target, log := cloudtest.Project(), cloudtest.Queue(t, balancer.URL), loggingtest.New(t, writer(d.write))

	for i := range workers {
		store, queue := cloud.NewStore(cloudtest.Database(t, project)), cloud.NewQueue(cloudtest.Tasks(t), target)
		worker := bulk.NewWorker(store, queue, bulktest.InSteps(importers(t, transport), 3, 40), log)
		workers[i] = bulkworker.New(func() (*bulk.Worker, error) { return worker, nil }, log)

		store, queue = cloud.NewStore(cloudtest.Database(t, project)), cloud.NewQueue(cloudtest.Tasks(t), target)
		control := bulk.NewControl(store, queue, log)
		server := httptest.NewServer(bulksync.New(func() (*bulk.Control, error) { return control, nil }, log))
		t.Cleanup(server.Close)
		d.syncs[i] = server.URL
	}

	return d
}

type writer func([]byte) (int, error)

// Write implements io.Writer.
func (w writer) Write(line []byte) (int, error) { return w(line) }

func (d *deployment) write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()

	return d.log.Write(line)
}

// call calls an instance of BulkSync.
func (d *deployment) call(t *testing.T, instance int, method, path string) (int, bulk.Progress) {
	t.Helper()

	req, err := http.NewRequestWithContext(t.Context(), method, d.syncs[instance]+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}

	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()

	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}

	var p bulk.Progress // the answer of a start and a stop has some of its fields
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("%s: %v", body, err)
	}

	return resp.StatusCode, p
}

// ended waits for the end of a run.
func (d *deployment) ended(t *testing.T, resource bulk.Resource) bulk.Progress {
	t.Helper()

	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		status, p := d.call(t, 1, http.MethodGet, "/sync/"+string(resource))
		if status != http.StatusOK || time.Now().After(deadline) {
			t.Fatalf("%s: %d %+v", resource, status, p)
		}

		if p.Status != bulk.Running {
			return p
		}
	}
}

// All four imports through the functions, Firestore and Cloud Tasks.
func TestDeployedImports(t *testing.T) {
	t.Parallel()

	size := commercetoolstest.Size{Customers: 300, Orders: 120, Products: 100, Categories: 40}
	d := deploy(t, size)

	for _, resource := range bulk.Resources() {
		status, started := d.call(t, 0, http.MethodPost, "/sync/"+string(resource))
		if status != http.StatusAccepted {
			t.Fatalf("%s: %d %+v", resource, status, started)
		}

		if p := d.ended(t, resource); p.Run != started.Run || p.Status != bulk.Done || p.Failed > 0 || p.Read == 0 {
			t.Errorf("%s: %+v, want run %s done", resource, p, started.Run)
		}
	}

	have := map[string]int{
		"categories": len(d.account.Categories()), "items": len(d.account.Items()), "variants": len(d.account.Variants()),
		"events": len(d.account.Events()),
	}
	want, _ := eventsOf(t, commercetoolstest.NewShop(5, size))

	if have["categories"] != 40 || have["items"] != 92 || have["variants"] < 200 || have["events"] != len(want) {
		t.Errorf("Klaviyo has %v, want 40 categories, 92 items, their variants, and %d events", have, len(want))
	}

	customers := 0

	for _, p := range d.account.Profiles() {
		if p.Attributes["external_id"] != nil {
			customers++
		}
	}

	if customers != 300 {
		t.Errorf("%d profiles of customers, want 300", customers)
	}

	d.expectHeaders(t)
}

// expectHeaders looks at what Cloud Tasks says of the tasks, and what BulkWorker makes of that.
func (d *deployment) expectHeaders(t *testing.T) {
	t.Helper()

	d.mu.Lock()
	defer d.mu.Unlock()

	again := 0

	for _, h := range d.headers {
		if h.Get("X-CloudTasks-TaskName") == "" || h.Get("X-CloudTasks-QueueName") == "" || !strings.HasPrefix(h.Get("Authorization"), "Bearer ") {
			t.Errorf("headers = %v", h)
		}

		if h.Get("X-CloudTasks-TaskRetryCount") == "1" {
			again++
		}
	}

	if log := d.log.String(); again == 0 || strings.Count(log, `"attempt":2`) != again {
		t.Errorf("%d of %d deliveries were a second attempt; the log:\n%s", again, len(d.headers), log)
	}
}

// A run is stopped by another instance than the one that has started it, in the middle of a page, which is then not sent. The
// next run begins clean.
func TestDeployedStop(t *testing.T) {
	t.Parallel()

	d := deploy(t, commercetoolstest.Size{Customers: 100})
	d.held.Lock()

	if status, p := d.call(t, 0, http.MethodPost, "/sync/customers"); status != http.StatusAccepted {
		t.Fatalf("start: %d %+v", status, p)
	}

	for deadline := time.Now().Add(time.Minute); d.deliveries() < 2 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}

	status, stopped := d.call(t, 1, http.MethodPost, "/sync/customers/stop")
	d.held.Unlock()

	if status != http.StatusOK || stopped.Status != bulk.Stopped {
		t.Errorf("stop: %d %+v", status, stopped)
	}

	status, fresh := d.call(t, 0, http.MethodPost, "/sync/customers")
	if status != http.StatusAccepted || fresh.Run == stopped.Run {
		t.Errorf("next start: %d %+v", status, fresh)
	}

	if p := d.ended(t, bulk.Customers); p.Run != fresh.Run || p.Status != bulk.Done || p.Sent != 100 || p.Failed > 0 {
		t.Errorf("next run: %+v, want 100 sent", p)
	}

	for _, p := range d.account.Profiles() {
		if p.Imports != 1 {
			t.Fatalf("profile %v was imported %d times: the run that was stopped has sent something", p.ID, p.Imports)
		}
	}
}

func (d *deployment) deliveries() int {
	d.mu.Lock()
	defer d.mu.Unlock()

	return len(d.headers)
}

// Of many that start at once, at two instances, one begins; the others are told so.
func TestDeployedRacers(t *testing.T) {
	t.Parallel()

	d := deploy(t, commercetoolstest.Size{})

	d.held.Lock() // so that the run lasts
	defer d.held.Unlock()

	var (
		racing   sync.WaitGroup
		mu       sync.Mutex
		statuses = map[int]int{}
		runs     = map[string]int{}
	)

	for i := range bulktest.Racers {
		racing.Go(func() {
			status, p := d.call(t, i%2, http.MethodPost, "/sync/customers")

			mu.Lock()
			defer mu.Unlock()

			statuses[status]++
			runs[p.Run]++
		})
	}

	racing.Wait()

	if statuses[http.StatusAccepted] != 1 || statuses[http.StatusConflict] != bulktest.Racers-1 || len(runs) != 1 {
		t.Errorf("statuses %v, runs %v; want one 202 and %d × 409, all with one run", statuses, runs, bulktest.Racers-1)
	}
}
