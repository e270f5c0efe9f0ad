package customerevents

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// deployed is the function as it is registered, started by the framework in this process with its real environment. That
// can be done once, so everything that needs it is in one test.
type deployed struct {
	url     string
	kl      *klaviyotest.Server
	pubsub  *pstest.Server
	servers []*httptest.Server
	client  *http.Client
}

func deploy(t *testing.T) *deployed {
	t.Helper()

	loggingtest.Stderr(t)

	d := &deployed{
		kl:     klaviyotest.New(klaviyotest.Options{Key: "pk_test"}),
		pubsub: pstest.NewServer(),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}},
	}
	ct := commercetoolstest.NewServer("demo")
	ct.Put("customers")
	d.servers = []*httptest.Server{httptest.NewServer(ct), httptest.NewServer(d.kl)}

	t.Cleanup(func() {
		for _, s := range d.servers {
			s.Close()
		}

		_ = d.pubsub.Close()
	})

	for variable, value := range functiontest.Variables(d.servers[0].URL, d.servers[1].URL) {
		t.Setenv(variable, value)
	}

	for variable, value := range map[string]string{
		"FUNCTION_TARGET": name, "LOG_LEVEL": "error",
		"GOOGLE_CLOUD_PROJECT": "p", "PARKED_TOPIC": "parked", "PUBSUB_EMULATOR_HOST": d.pubsub.Addr,
	} {
		t.Setenv(variable, value)
	}

	// The framework listens by itself and never stops.
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()
	d.url = "http://127.0.0.1:" + port + "/"

	go func() {
		_ = funcframework.StartHostPort("127.0.0.1", port) // when it can't listen, the first request says so
	}()

	return d
}

// post posts a message with a deadline and returns the status, 0 for none.
func (d *deployed) post(ctx context.Context, body string, within time.Duration) int {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, strings.NewReader(body))
	if err != nil {
		return 0
	}

	resp, err := d.client.Do(req)
	if err != nil {
		return 0
	}

	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()

	return resp.StatusCode
}

// storm posts a message n times, 50 at once, and gives up on each after 0 to 2 ms. It returns how many gave up.
func (d *deployed) storm(t *testing.T, body string, n int) int {
	t.Helper()

	var (
		all     sync.WaitGroup
		left    atomic.Int64
		givenUp atomic.Int64
	)

	left.Store(int64(n))

	for range 50 {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if d.post(t.Context(), body, rand.N(2*time.Millisecond)) == 0 {
					givenUp.Add(1)
				}
			}
		})
	}

	all.Wait()

	return int(givenUp.Load())
}

// goroutines waits up to 10 seconds until there are at most so many, and returns how many there are.
func (d *deployed) goroutines(most int) int {
	for range 200 {
		d.client.CloseIdleConnections()

		for _, s := range d.servers {
			s.CloseClientConnections()
		}

		if runtime.NumGoroutine() <= most {
			break
		}

		time.Sleep(50 * time.Millisecond)
	}

	return runtime.NumGoroutine()
}

var deployedOnce atomic.Bool //nolint:gochecknoglobals // what the framework keeps is global too

// The receive loop of the CloudEvents SDK hangs for good after a client has cancelled at the wrong moment. This function
// must not: after 20,000 cancelled requests 100 of 100 good ones are answered, and nothing is left running.
func TestDeployed(t *testing.T) { //nolint:paralleltest // it sets environment variables
	if !deployedOnce.CompareAndSwap(false, true) {
		t.Skip("the framework starts once in a process")
	}

	d := deploy(t)

	created := functiontest.Push(t, message(t, "CustomerCreated", object{"customer": customer(t, nil)}))
	// It is about a customer that is gone: the function asks commercetools, and is cancelled on the way.
	gone := functiontest.Push(t, change(t, "ResourceUpdated"))

	for range 500 { // until the framework listens
		if d.post(t.Context(), created, time.Second) == http.StatusNoContent {
			break
		}

		time.Sleep(10 * time.Millisecond)
	}

	if profiles := d.kl.Profiles(); len(profiles) != 1 {
		t.Fatalf("%d profiles, want 1", len(profiles))
	}

	d.expectParking(t)

	requests := 20_000
	if testing.Short() {
		requests = 2_000
	}

	before := runtime.NumGoroutine()

	if givenUp := d.storm(t, gone, requests); givenUp < requests/2 {
		t.Errorf("only %d of %d requests were cancelled: this was no storm", givenUp, requests)
	}

	for i := range 100 {
		if status := d.post(t.Context(), gone, 10*time.Second); status != http.StatusNoContent {
			t.Errorf("request %d after the storm: status %d, want 204", i, status)
		}
	}

	if after := d.goroutines(before + 5); after > before+5 {
		t.Errorf("%d goroutines are left, there were %d", after, before)
	}
}

// expectParking sends what can't be read, which must arrive at the topic.
func (d *deployed) expectParking(t *testing.T) {
	t.Helper()

	client, err := pubsub.NewClient(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}

	defer func() { _ = client.Close() }()

	if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: "projects/p/topics/parked"}); err != nil {
		t.Fatal(err)
	}

	if status := d.post(t.Context(), functiontest.Push(t, "hello"), 10*time.Second); status != http.StatusNoContent {
		t.Errorf("unreadable: status %d, want 204", status)
	}

	if parked := d.pubsub.Messages(); len(parked) != 1 || string(parked[0].Data) != "hello" || parked[0].Attributes["reason"] != "unreadable" {
		t.Errorf("parked %v, want the message", parked)
	}
}
