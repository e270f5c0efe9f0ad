package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	"github.com/ctklaviyo/connector/shared/framework"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// asFunction makes the test binary be one function as it is deployed: FUNCTION_TARGET names it, PORT is where it listens.
const asFunction = "function"

// killedAfter is as long as Cloud Run waits between SIGTERM and SIGKILL.
const killedAfter = 10 * time.Second

func serveFunction(port string) error {
	framework.Register(workerOnDisk, startWorkerOnDisk)

	return funcframework.StartHostPort("127.0.0.1", port)
}

// startFunction starts a function in a process of its own.
func startFunction(t *testing.T, name string, env []string) (url string, c *exec.Cmd) {
	t.Helper()

	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()

	c = local(t, append(env, asCommand+"="+asFunction, "FUNCTION_TARGET="+name, "PORT="+port))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})

	url = "http://127.0.0.1:" + port

	for range 1000 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}

		if resp, err := http.DefaultTransport.RoundTrip(req); err == nil {
			_ = resp.Body.Close()

			return url, c
		}

		time.Sleep(10 * time.Millisecond)
	}

	t.Fatal("the function does not listen")

	return "", nil
}

// holdUp holds requests to Klaviyo back until it lets some through.
type holdUp struct {
	waiting atomic.Int64
	pass    chan struct{}
}

func (g *holdUp) before(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Only then a server notices that its client has gone.
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))

		g.waiting.Add(1)
		defer g.waiting.Add(-1)

		select {
		case <-g.pass:
			h.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

// until waits for so many requests in the holdUp.
func (g *holdUp) until(t *testing.T, waiting int64) {
	t.Helper()

	for range 2000 {
		if g.waiting.Load() == waiting {
			return
		}

		time.Sleep(5 * time.Millisecond)
	}

	t.Fatalf("%d requests wait, want %d", g.waiting.Load(), waiting)
}

// answers counts statuses; 0 is a client that got none.
type answers struct {
	mu  sync.Mutex
	all map[int]int
	err error
}

func (a *answers) post(ctx context.Context, url, body string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		a.count(0, err)

		return
	}

	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		a.count(0, err)

		return
	}

	_, err = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	a.count(resp.StatusCode, err)
}

func (a *answers) count(status int, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()

	if err != nil {
		status, a.err = 0, err
	}

	if a.all == nil {
		a.all = map[int]int{}
	}

	a.all[status]++
}

func (a *answers) expect(t *testing.T, want map[int]int) {
	t.Helper()

	if !maps.Equal(a.all, want) {
		t.Errorf("answers by status: %v, %v; want %v", a.all, a.err, want)
	}
}

// terminate sends SIGTERM, and returns when.
func terminate(t *testing.T, c *exec.Cmd) time.Time {
	t.Helper()

	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}

	return time.Now()
}

// expectEnd waits for the end of a process that was sent SIGTERM.
func expectEnd(t *testing.T, c *exec.Cmd, since time.Time) {
	t.Helper()

	err := c.Wait()
	if took := time.Since(since); err != nil || took > killedAfter {
		t.Errorf("the process ended with %v after %v, want success within %v", err, took, killedAfter)
	}
}

// SIGTERM comes while 50 messages are on their way to Klaviyo. Most get there, some are stuck: those are cut off in time, and
// come again. Every client has an answer.
func TestShutdown(t *testing.T) {
	t.Parallel()

	if testing.Short() {
		t.Skip("it waits for requests that are stuck")
	}

	const messages, stuck = 50, 10

	for name, start := range map[string]func(*testing.T, []string) (string, *exec.Cmd){
		"a function": func(t *testing.T, env []string) (string, *exec.Cmd) {
			t.Helper()

			return startFunction(t, "CustomerEvents", env)
		},
		"serve": func(t *testing.T, env []string) (string, *exec.Cmd) {
			t.Helper()

			url, c := serve(t, env)

			return url + "/CustomerEvents", c
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			g := &holdUp{pass: make(chan struct{})}
			s := newShop(t, 0, klaviyotest.Options{}, g.before)
			url, c := start(t, append(s.env, "LOG_LEVEL=error"))

			var (
				got     answers
				clients sync.WaitGroup
			)

			for i := range messages {
				clients.Go(func() { got.post(t.Context(), url, registered(t, i)) })
			}

			g.until(t, messages)

			begin := terminate(t, c)

			for range messages - stuck {
				g.pass <- struct{}{}
			}

			clients.Wait()

			got.expect(t, map[int]int{http.StatusNoContent: messages - stuck, http.StatusServiceUnavailable: stuck})
			expectEnd(t, c, begin)

			if n := len(s.kl.Profiles()); n != messages-stuck {
				t.Errorf("Klaviyo has %d profiles, want %d", n, messages-stuck)
			}
		})
	}
}

// registered is the message about a customer.
func registered(t *testing.T, i int) string {
	t.Helper()

	id := fmt.Sprintf("%08x-0000-4000-8000-000000000000", i)
	customer := object{"id": id, "version": 1, "email": fmt.Sprintf("ann-%d@shop.example.org", i)}

	return functiontest.Push(t, functiontest.Message(t, "customer", id, "CustomerCreated", object{"projectKey": demoProject, "customer": customer}))
}
