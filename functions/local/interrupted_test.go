package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// TestInterrupted stops an import of each resource by Ctrl-C while Klaviyo, having got the first of it, answers nothing more.
// It ends at once, and the same command goes on from there: in the end every record is there, once and as it should be.
func TestInterrupted(t *testing.T) {
	t.Parallel()

	size := commercetoolstest.Size{Customers: 120, Orders: 240, Products: 60, Categories: 60}

	for resource, before := range map[bulk.Resource][]bulk.Resource{
		bulk.Categories: nil, bulk.Products: {bulk.Categories}, bulk.Customers: nil, bulk.Orders: {bulk.Customers},
	} {
		t.Run(string(resource), func(t *testing.T) {
			t.Parallel()

			g := &gate{held: make(chan struct{}, 1), opened: make(chan struct{})}
			s := newShopOf(t, size, klaviyotest.Options{}, g.before)
			state := filepath.Join(t.TempDir(), "state.db")
			run := func(r bulk.Resource) []string { return []string{"run", string(r), "--state", state} }

			for _, r := range before {
				succeed(t, s.env, run(r)...)
			}

			g.armed.Store(true)

			code, out := interrupt(t, g, s.env, run(resource)...)
			if code != exitStopped {
				t.Errorf("exit %d, want %d", code, exitStopped)
			}

			wantIn(t, out, "│ "+string(resource), "│ interrupted │")
			wantIn(t, out, "interrupted: of about ", "to go on: "+calledAs(os.Args[0])+" run "+string(resource)+" --state "+state+"\n")
			g.open()

			wantIn(t, succeed(t, s.env, run(resource)...), "going on with the interrupted import")
			wantAccount(t, s, wantedAccount(t, size, append(before, resource)...))
		})
	}
}

// succeed runs a command that ends with 0, and returns its output.
func succeed(t *testing.T, env []string, args ...string) string {
	t.Helper()

	code, out := finish(t, local(t, env, args...))
	if code != 0 {
		t.Fatalf("exit %d:\n%s", code, out)
	}

	return out
}

// TestInterruptedJSON: a script learns from the last report.
func TestInterruptedJSON(t *testing.T) {
	t.Parallel()

	g := &gate{held: make(chan struct{}, 1), opened: make(chan struct{})}
	g.armed.Store(true)

	s := newShop(t, 300, klaviyotest.Options{}, g.before)

	code, out := interrupt(t, g, s.env, "run", "customers", "--json")
	if code != exitStopped {
		t.Errorf("exit %d, want %d", code, exitStopped)
	}

	wantIn(t, out, `{"final":true,`, `"status":"running"`, `"interrupted":true`)
}

// interrupt starts a command, presses Ctrl-C when Klaviyo answers nothing more, and waits for its end.
func interrupt(t *testing.T, g *gate, env []string, args ...string) (code int, output string) {
	t.Helper()

	c := local(t, env, args...)

	var out bytes.Buffer

	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}

	ended := make(chan struct{})

	go func() {
		defer close(ended)

		_ = c.Wait()
	}()

	select {
	case <-g.held:
	case <-ended:
		t.Fatalf("ended before Klaviyo was asked a second time:\n%s", out.String())
	}

	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}

	<-ended
	readLog(t, out.String())

	return c.ProcessState.ExitCode(), out.String()
}

// gate lets Klaviyo answer nothing once it has got a part of an import.
type gate struct {
	armed, shut atomic.Bool
	held        chan struct{}
	opened      chan struct{}
}

func (g *gate) before(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.shut.Load() {
			select {
			case g.held <- struct{}{}:
			default:
			}

			select {
			case <-r.Context().Done():
				return
			case <-g.opened:
			}
		}

		h.ServeHTTP(w, r)

		if r.Method == http.MethodPost && g.armed.Load() {
			g.shut.Store(true)
		}
	})
}

func (g *gate) open() {
	g.armed.Store(false)
	g.shut.Store(false)
	close(g.opened)
}

// TestHowToGoOn: the command that goes on is not always the one that was interrupted.
func TestHowToGoOn(t *testing.T) {
	t.Parallel()

	id := "043cf898-d6f7-4572-b0c9-7e65a577069e"
	p := bulk.Progress{Resource: bulk.Customers, Total: 9, Counts: bulk.Counts{Read: 5, Sent: 3, Failed: 1}}
	far := "interrupted: of about 9 customers 5 were read, 3 sent, 1 failed; "
	again := calledAs(os.Args[0])

	for name, tt := range map[string]struct {
		imports imports
		options bulk.Options
		demo    bool
		want    string
	}{
		"without those that are done": {imports{resources: bulk.Resources()}, bulk.Options{}, false, "to go on: " + again + " run customers orders"},
		"without --restart":           {imports{resources: []bulk.Resource{bulk.Customers}, restart: true}, bulk.Options{}, false, "to go on: " + again + " run customers"},
		"with the time of --since":    {imports{resources: []bulk.Resource{bulk.Customers}}, bulk.Options{Since: time.Unix(0, 0).UTC(), DryRun: true}, false, "to go on: " + again + " run customers --since 1970-01-01T00:00:00Z --dry-run"},
		"with ids":                    {imports{resources: []bulk.Resource{bulk.Customers}, state: "x.db"}, bulk.Options{IDs: []string{id, id}}, false, "to go on: " + again + " run customers --ids " + id + "," + id + " --state x.db"},
		"the demo shop":               {imports{resources: bulk.Resources()}, bulk.Options{}, true, "the demo shop is gone with the process"},
	} {
		if got := tt.imports.interrupted(p, tt.options, tt.demo).Error(); got != far+tt.want {
			t.Errorf("%s: %q, want %q", name, got, far+tt.want)
		}
	}
}
