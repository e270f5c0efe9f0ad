package bulkworker_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// Klaviyo refuses the events of a page together, and goes away while it gets them one by one. None is lost.
func TestAwayOneByOne(t *testing.T) {
	t.Parallel()

	for name, away := range map[string]faulttest.Fault{
		"503":        {Status: http.StatusServiceUnavailable},
		"reset":      {ResetBefore: true},
		"a proxy":    {Status: http.StatusBadRequest, ContentType: "text/html", Body: "<html>no</html>"},
		"a web page": {Status: http.StatusOK, ContentType: "text/html", Body: "<html>maintenance</html>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(sinceBubblesBegin)

				want := imported(t, bulk.Orders, healthy)
				got := imported(t, bulk.Orders, awayOneByOne(away))

				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("the end is another (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// awayOneByOne refuses all events that come together. Of those that come alone, the fourth meets the fault, and so often that
// the client stops repeating it.
func awayOneByOne(away faulttest.Fault) func(*http.Request) faulttest.Fault {
	single := 0

	return func(r *http.Request) faulttest.Fault {
		if r.URL.Path == "/api/event-bulk-create-jobs" {
			return problem(http.StatusBadRequest, "duplicate", "/data/attributes/events-bulk-create")
		}

		if single++; single > 3 && single <= 13 {
			return away
		}

		return faulttest.Fault{}
	}
}

// Klaviyo is away for longer than trouble is borne, and what stands before it says so in a way of its own. The import waits, and
// gives up nothing.
func TestAwayForLong(t *testing.T) {
	t.Parallel()

	const (
		long        = time.Hour
		unreachable = 522
		noAnswer    = 524
	)

	for name, tt := range map[string]struct {
		resource bulk.Resource
		// answered is how many requests Klaviyo still answers.
		answered, status int
	}{
		"no answer":         {bulk.Orders, 0, noAnswer},
		"a job under way":   {bulk.Customers, 1, unreachable},
		"a job has no page": {bulk.Customers, 1, http.StatusNotFound},
		"a job is gone":     {bulk.Customers, 1, http.StatusGone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(sinceBubblesBegin)

				want := imported(t, tt.resource, healthy)
				begin, requests := time.Now(), 0
				got := imported(t, tt.resource, func(*http.Request) faulttest.Fault {
					if requests++; requests > tt.answered && time.Since(begin) < long {
						return faulttest.Fault{Status: tt.status, ContentType: "text/html", Body: "<html>away</html>"}
					}

					return faulttest.Fault{}
				})

				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("the end is another (-want +got):\n%s", diff)
				}

				if took := time.Since(begin); took < long {
					t.Errorf("it was done after %s, before Klaviyo was back", took)
				}
			})
		})
	}
}

// imported imports a small shop's records of one kind, with tasks that come again until they are done. fault lets requests to
// Klaviyo fail.
func imported(t *testing.T, resource bulk.Resource, fault func(*http.Request) faulttest.Fault) result {
	t.Helper()

	shop, generated := smallShop(smallSize())
	account := usedAccount(t, generated, klaviyotest.Options{JobTime: 1500 * time.Millisecond})
	transport := both(shop, faulttest.Wrap(account, fault))

	queue := &line{names: map[string]bool{}}
	out := bulktest.Outward{Store: bulktest.NewStore(t), Queue: queue, Through: func(_ string, call func() error) error { return call() }}
	control := bulk.NewControl(out, out, loggingtest.New(t))
	worker := newProcess(t, out, importers(t, transport))

	if _, err := control.Start(t.Context(), resource, bulk.Options{}); err != nil {
		t.Fatal(err)
	}

	for len(queue.tasks) > 0 {
		task, pause := queue.tasks[0], queue.pauses[0]
		queue.tasks, queue.pauses = queue.tasks[1:], queue.pauses[1:]

		time.Sleep(pause)

		if deliver(t, worker, task) != http.StatusNoContent {
			queue.tasks, queue.pauses = append(queue.tasks, task), append(queue.pauses, 2*time.Minute)
		}
	}

	return newResult(t, control, resource, account)
}
