package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/bulk/cloud"
	"github.com/ctklaviyo/connector/shared/bulk/cloudtest"
)

// shop is an Importer over ids in memory. It counts how often each was sent, and refuses one in a hundred.
type shop struct {
	ids []string

	mu   sync.Mutex
	sent map[string]int
}

func newShop(n int) *shop {
	s := &shop{sent: map[string]int{}}
	for i := range n {
		s.ids = append(s.ids, fmt.Sprintf("%08x-0000-4000-8000-000000000000", i*(1<<32/n)+1))
	}

	return s
}

func (s *shop) Plan(context.Context, bulk.Options) (bulk.Plan, error) {
	return bulk.Plan{Total: len(s.ids), Shards: 8}, nil
}

func (s *shop) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	const batch = 50

	if err := w.Proceed(ctx); err != nil {
		return bulk.Page{}, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	page := bulk.Page{Cursor: w.Cursor, End: true}

	for i, id := range s.ids {
		if id <= w.Cursor || (w.Before != "" && id >= w.Before) {
			continue
		}

		if page.Read == batch {
			page.End = false

			break
		}

		page.Cursor = id
		page.Read++
		s.sent[id]++

		if i%100 == 0 {
			page.Failed++
			page.Failures = append(page.Failures, bulk.Failure{ID: id, Reason: "refused"})
		} else {
			page.Sent++
		}
	}

	return page, nil
}

func (s *shop) Settle(context.Context, bulk.Work, []bulk.Job) (bulk.Settled, error) {
	return bulk.Settled{}, errors.New("there are no jobs")
}

// Everything but commercetools and Klaviyo: 200 start at once, one run begins, its tasks travel through Cloud Tasks to
// the worker, whose every seventh answer is lost, and in the end each record was sent once.
func TestImport(t *testing.T) {
	t.Parallel()

	const records = 2000

	var (
		customers = newShop(records)
		worker    = http.NewServeMux()
		store     = cloud.NewStore(cloudtest.Database(t, cloudtest.Project()))
		queue     = newQueue(t, worker.ServeHTTP)
		log       = slog.New(slog.DiscardHandler)
		control   = bulk.NewControl(store, queue, log)
	)

	worker.HandleFunc("/worker", losingAnswers(t,
		bulk.NewWorker(store, queue, map[bulk.Resource]bulk.Importer{bulk.Customers: customers}, log)))

	run := startOne(t, control)
	progress := wait(t, control)

	want := bulk.Counts{Read: records, Sent: records - records/100, Failed: records / 100}
	if diff := cmp.Diff(want, progress.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}

	if progress.Run != run.ID || progress.Status != bulk.Done || progress.Total != records || len(progress.Errors) != 10 {
		t.Errorf("progress = %+v; want run %s done, of %d, with the last 10 errors", progress, run.ID, records)
	}

	for _, id := range customers.ids {
		if n := customers.sent[id]; n != 1 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
}

// losingAnswers is BulkWorker. Each seventh time it has done its task it answers with 503.
func losingAnswers(t *testing.T, worker *bulk.Worker) http.HandlerFunc {
	t.Helper()

	var done atomic.Int64

	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}

		task, err := bulk.ParseTask(body)
		if err != nil {
			t.Error(err)
		}

		switch err := worker.Do(r.Context(), task); {
		case err != nil:
			if r.Context().Err() == nil { // else the test is over, and its server closes
				t.Error(err)
			}

			w.WriteHeader(http.StatusServiceUnavailable)
		case done.Add(1)%7 == 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}
}

// startOne starts as many imports at once as the suite has racers, and returns the one that begins.
func startOne(t *testing.T, control *bulk.Control) bulk.Run {
	t.Helper()

	var (
		mu     sync.Mutex
		begun  []bulk.Run
		held   = map[string]int{}
		racing sync.WaitGroup
	)

	for range bulktest.Racers {
		racing.Go(func() {
			run, err := control.Start(t.Context(), bulk.Customers, bulk.Options{})

			mu.Lock()
			defer mu.Unlock()

			if running, ok := errors.AsType[*bulk.RunningError](err); ok {
				held[running.ID]++
			} else if err == nil {
				begun = append(begun, run)
			} else {
				t.Error(err)
			}
		})
	}

	racing.Wait()

	if len(begun) != 1 || held[begun[0].ID] != bulktest.Racers-1 {
		t.Fatalf("begun %v, held %v; want one, and %d that name it", begun, held, bulktest.Racers-1)
	}

	return begun[0]
}

// wait returns the progress of a run that is over.
func wait(t *testing.T, control *bulk.Control) bulk.Progress {
	t.Helper()

	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		progress, err := control.Progress(t.Context(), bulk.Customers, 10)
		if err != nil {
			t.Fatal(err)
		}

		if progress.Status != bulk.Running {
			return progress
		}

		if time.Now().After(deadline) {
			t.Fatalf("not done after a minute: %+v", progress)
		}
	}
}
