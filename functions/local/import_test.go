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
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// figures are what an import through `serve` has taken.
type figures struct {
	seconds, requestsPerThousand, peakMiB float64
}

// importThrough imports a shop through `serve` in a process of its own.
func importThrough(tb testing.TB, s *shop, customers int) figures {
	tb.Helper()

	url, c := serve(tb, s.env)

	start := time.Now()
	if status, answer := call(tb, http.MethodPost, url+"/sync/customers", ""); status != http.StatusAccepted {
		tb.Fatalf("start: %d %s", status, answer)
	}

	if status, answer := call(tb, http.MethodPost, url+"/sync/customers", ""); status != http.StatusConflict {
		tb.Errorf("a second start: %d %s, want 409", status, answer)
	}

	p := progressOf(tb, url)
	for p.Status == bulk.Running {
		time.Sleep(20 * time.Millisecond)

		p = progressOf(tb, url)
	}

	f := figures{
		seconds:             time.Since(start).Seconds(),
		requestsPerThousand: float64(s.ct.Requests()+s.kl.Requests()) / float64(customers) * 1000,
		peakMiB:             peak(tb, c.Process.Pid),
	}

	if p.Status != bulk.Done || p.Read != customers || p.Sent != customers || p.Failed != 0 {
		tb.Errorf("progress = %+v, want done with %d sent", p, customers)
	}

	if again := s.wantAll(tb, customers); again != 0 {
		tb.Errorf("%d customers were sent more than once", again)
	}

	return f
}

func progressOf(tb testing.TB, url string) bulk.Progress {
	tb.Helper()

	_, answer := call(tb, http.MethodGet, url+"/sync/customers", "")

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

	if testing.Short() {
		t.Skip("50,000 customers take their time; not with -short")
	}

	const customers = 50_000

	s := newShop(t, customers, klaviyotest.Options{Limits: true, JobTime: time.Second}, asItIs)

	f := importThrough(t, s, customers)
	if f.requestsPerThousand > 3 {
		t.Errorf("%.2f requests for 1,000 customers, want at most 3", f.requestsPerThousand)
	}

	if n := s.kl.Throttled(); n != 0 {
		t.Errorf("Klaviyo answered %d times with 429", n)
	}

	t.Logf("%+v", f)
}

// BenchmarkImportCustomers imports 50,000 customers through `serve`; the shop is in another process.
func BenchmarkImportCustomers(b *testing.B) {
	const customers = 50_000

	var f figures

	for b.Loop() {
		b.StopTimer()

		s := newShop(b, customers, klaviyotest.Options{Limits: true, JobTime: time.Second}, asItIs)

		b.StartTimer()

		f = importThrough(b, s, customers)
	}

	b.ReportMetric(customers/f.seconds, "customers/s")
	b.ReportMetric(f.requestsPerThousand, "requests/1000")
	b.ReportMetric(f.peakMiB, "peak-MiB")
}
