package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// importing is an import through `serve`, in a process of its own.
type importing struct {
	shop     *shop
	resource bulk.Resource
	// environment is what `serve` gets besides the shop's.
	environment []string
}

// figures are what an import has taken.
type figures struct {
	records                            int
	seconds, requests, peakMiB, micros float64
}

func (i importing) run(tb testing.TB) (figures, bulk.Progress) {
	tb.Helper()

	url, c := serve(tb, append(i.shop.env, i.environment...))
	url += "/sync/" + string(i.resource)

	start := time.Now()
	if status, answer := call(tb, http.MethodPost, url, ""); status != http.StatusAccepted {
		tb.Fatalf("start: %d %s", status, answer)
	}

	if status, answer := call(tb, http.MethodPost, url, ""); status != http.StatusConflict {
		tb.Errorf("a second start: %d %s, want 409", status, answer)
	}

	p := progressOf(tb, url)
	for p.Status == bulk.Running {
		time.Sleep(50 * time.Millisecond)

		p = progressOf(tb, url)
	}

	f := figures{
		records: p.Read, seconds: time.Since(start).Seconds(), peakMiB: peak(tb, c.Process.Pid),
		requests: float64(i.shop.ct.Requests() + i.shop.kl.Requests()),
	}

	_ = c.Process.Kill()
	_ = c.Wait()

	f.micros = float64((c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Microseconds())

	if p.Status != bulk.Done || p.Read == 0 || p.Failed != 0 {
		tb.Errorf("progress = %+v, want done without failures", p)
	}

	return f, p
}

func progressOf(tb testing.TB, url string) bulk.Progress {
	tb.Helper()

	_, answer := call(tb, http.MethodGet, url, "")

	var p bulk.Progress
	if err := json.Unmarshal(answer, &p); err != nil {
		tb.Fatalf("%s: %v", answer, err)
	}

	return p
}

// peak returns the most memory that a process has held, in MiB; 0 where the system does not tell.
func peak(tb testing.TB, pid int) float64 {
	tb.Helper()

	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}

	_, rest, _ := strings.Cut(string(status), "VmHWM:")

	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		tb.Fatal(err)
	}

	return kib / 1024
}

// TestFiftyThousand imports 50,000 customers: every one once, and with few requests.
func TestFiftyThousand(t *testing.T) {
	t.Parallel()

	functiontest.NotWithRace(t)

	if testing.Short() {
		t.Skip("50,000 customers take their time; not with -short")
	}

	const customers = 50_000

	s := newShop(t, customers, klaviyotest.Options{Limits: true, JobTime: time.Second}, asItIs)

	f, p := importing{shop: s, resource: bulk.Customers}.run(t)
	if p.Sent != customers || s.wantAll(t, customers) != 0 {
		t.Errorf("progress = %+v, want that all customers are sent, each once", p)
	}

	if perThousand := f.requests / customers * 1000; perThousand > 3 {
		t.Errorf("%.2f requests for 1,000 customers, want at most 3", perThousand)
	}

	if n := s.kl.Throttled(); n != 0 {
		t.Errorf("Klaviyo answered %d times with 429", n)
	}

	t.Logf("%+v", f)
}
