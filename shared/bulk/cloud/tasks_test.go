package cloud_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/cloud"
	"github.com/ctklaviyo/connector/shared/bulk/cloudtest"
)

// newQueue returns a Queue of its own in the Cloud Tasks emulator, which delivers to the handler.
func newQueue(t *testing.T, worker http.HandlerFunc, opts ...grpc.DialOption) *cloud.Queue {
	t.Helper()

	return cloud.NewQueue(cloudtest.Tasks(t, opts...), cloudtest.Queue(t, serve(t, worker)))
}

// serve returns the URL of a worker.
func serve(t *testing.T, worker http.HandlerFunc) string {
	t.Helper()

	server := httptest.NewServer(worker)
	t.Cleanup(server.Close)

	return server.URL + "/worker"
}

// delivery is what the worker sees of a task.
type delivery struct {
	Path, Type, Task, Retries string
	Token                     bool
	Body                      bulk.Task
}

// deliveries is a worker that answers with the given statuses, then with 204, and tells what it was sent.
func deliveries(t *testing.T, statuses ...int) (http.HandlerFunc, <-chan delivery) {
	t.Helper()

	var attempt atomic.Int64

	seen := make(chan delivery, 10)

	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}

		task, err := bulk.ParseTask(body)
		if err != nil {
			t.Error(err)
		}

		seen <- delivery{
			Path: r.URL.Path, Type: r.Header.Get("Content-Type"), Task: r.Header.Get("X-CloudTasks-TaskName"),
			Retries: r.Header.Get("X-CloudTasks-TaskRetryCount"),
			Token:   strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ey"),
			Body:    task,
		}

		answer := http.StatusNoContent
		if n := int(attempt.Add(1)); n <= len(statuses) {
			answer = statuses[n-1]
		}

		w.WriteHeader(answer)
	}, seen
}

func next(t *testing.T, seen <-chan delivery) delivery {
	t.Helper()

	select {
	case d := <-seen:
		return d
	case <-time.After(30 * time.Second):
		t.Fatal("no delivery within 30 s")

		return delivery{}
	}
}

func want(task bulk.Task, retries int) delivery {
	return delivery{
		Path: "/worker", Type: "application/json", Task: task.Name(), Retries: strconv.Itoa(retries), Token: true, Body: task,
	}
}

func TestTaskIsDelivered(t *testing.T) {
	t.Parallel()

	// The worker is overloaded at first: the task comes back, with the number of attempts before.
	worker, seen := deliveries(t, http.StatusServiceUnavailable, http.StatusTooManyRequests)
	queue := newQueue(t, worker)
	task := bulk.Task{Run: "r", Epoch: 1, Resource: bulk.Customers, Shard: 2, Cursor: "c", Page: 3}

	if err := queue.Enqueue(t.Context(), task, 0); err != nil {
		t.Fatal(err)
	}

	for retries := range 3 {
		if diff := cmp.Diff(want(task, retries), next(t, seen)); diff != "" {
			t.Errorf("delivery %d (-want +got):\n%s", retries, diff)
		}
	}
}

func TestDuplicateIsRefused(t *testing.T) {
	t.Parallel()

	worker, seen := deliveries(t)
	queue := newQueue(t, worker)
	first := bulk.Task{Run: "r", Epoch: 1, Resource: bulk.Customers, Page: 1}
	second := bulk.Task{Run: "r", Epoch: 1, Resource: bulk.Customers, Page: 2}

	// The name is refused while the task waits, and after it is done; the second task comes last and ends the wait.
	for _, task := range []bulk.Task{first, first} {
		if err := queue.Enqueue(t.Context(), task, 0); err != nil {
			t.Fatal(err)
		}
	}

	if diff := cmp.Diff(want(first, 0), next(t, seen)); diff != "" {
		t.Errorf("first delivery (-want +got):\n%s", diff)
	}

	if err := queue.Enqueue(t.Context(), first, 0); err != nil {
		t.Fatal(err)
	}

	if err := queue.Enqueue(t.Context(), second, 500*time.Millisecond); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(want(second, 0), next(t, seen)); diff != "" {
		t.Errorf("second delivery (-want +got):\n%s", diff)
	}
}

func TestScheduledTask(t *testing.T) {
	t.Parallel()

	worker, seen := deliveries(t)
	queue := newQueue(t, worker)
	later := bulk.Task{Run: "r", Epoch: 1, Resource: bulk.Customers, Page: 1}
	now := bulk.Task{Run: "r", Epoch: 1, Resource: bulk.Customers, Page: 2}
	begin := time.Now()

	if err := queue.Enqueue(t.Context(), later, time.Second); err != nil {
		t.Fatal(err)
	}

	if err := queue.Enqueue(t.Context(), now, 0); err != nil {
		t.Fatal(err)
	}

	for _, task := range []bulk.Task{now, later} {
		if diff := cmp.Diff(want(task, 0), next(t, seen)); diff != "" {
			t.Errorf("delivery (-want +got):\n%s", diff)
		}
	}

	if waited := time.Since(begin); waited < time.Second {
		t.Errorf("delivered after %v, want 1 s at the least", waited)
	}
}

// createTaskFails makes CreateTask fail with each code in turn, before the request or after it was carried out.
func createTaskFails(afterwards bool, codes ...codes.Code) grpc.UnaryClientInterceptor {
	var calls atomic.Int64

	return func(
		ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		if !strings.HasSuffix(method, "/CreateTask") {
			return invoke(ctx, method, req, reply, cc, opts...)
		}

		n := int(calls.Add(1))
		if n > len(codes) {
			return invoke(ctx, method, req, reply, cc, opts...)
		}

		if afterwards {
			if err := invoke(ctx, method, req, reply, cc, opts...); err != nil {
				return err
			}
		}

		return status.Error(codes[n-1], "fault")
	}
}

func TestEnqueueTriesAgain(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		fault grpc.UnaryClientInterceptor
		want  codes.Code
	}{
		"passing faults":  {createTaskFails(false, codes.Unavailable, codes.ResourceExhausted, codes.Internal), codes.OK},
		"a lost answer":   {createTaskFails(true, codes.DeadlineExceeded), codes.OK},
		"a lasting fault": {createTaskFails(false, codes.PermissionDenied), codes.PermissionDenied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			worker, seen := deliveries(t)
			task := bulk.Task{Run: "r", Epoch: 1, Resource: bulk.Customers}

			err := newQueue(t, worker, grpc.WithUnaryInterceptor(test.fault)).Enqueue(t.Context(), task, 0)
			if status.Code(err) != test.want {
				t.Fatalf("error = %v, want %v", err, test.want)
			}

			if err == nil {
				next(t, seen)
			}
		})
	}
}
