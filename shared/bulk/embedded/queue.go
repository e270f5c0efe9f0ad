package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/googleapis/gax-go/v2"
	"golang.org/x/time/rate"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/retry"
)

// Rates are the settings of a Cloud Tasks queue that the embedded one keeps. There is no bound on the attempts, as
// there is none on ours in Cloud Tasks: no task is ever dropped.
type Rates struct {
	// PerSecond and Concurrent are max_dispatches_per_second and max_concurrent_dispatches.
	PerSecond  float64
	Concurrent int
	// MinBackoff and MaxBackoff bound the pauses between the attempts of one task.
	MinBackoff, MaxBackoff time.Duration
	// Deadline is the dispatch deadline: how long one attempt may take.
	Deadline time.Duration
}

// DefaultRates are for one process, whose client keeps Klaviyo's limits by itself. The queue that Terraform makes is slower: its
// rates keep them, too. And the first pause is shorter: locally nobody likes to wait.
func DefaultRates() Rates {
	return Rates{
		PerSecond: 10, Concurrent: 4, MinBackoff: 500 * time.Millisecond, MaxBackoff: 5 * time.Minute,
		Deadline: 10 * time.Minute,
	}
}

// Queue delivers tasks to BulkWorker over HTTP, as Cloud Tasks does. It lives in memory: after a restart
// bulk.Control.Resume gives the tasks back.
type Queue struct {
	url     string
	client  *http.Client
	rates   Rates
	log     *slog.Logger
	limiter *rate.Limiter
	slots   chan struct{}

	// start runs a delivery until stop.
	start      func(delivery func(context.Context))
	stop       context.CancelFunc
	deliveries sync.WaitGroup

	mu     sync.Mutex
	closed bool
	names  map[string]struct{}
}

var errClosed = errors.New("the queue is closed")

// NewQueue returns a queue that posts each task to url. Close ends it.
func NewQueue(url string, rates Rates, log *slog.Logger) *Queue {
	ctx, stop := context.WithCancel(context.Background())
	q := &Queue{
		url: url, client: &http.Client{Timeout: rates.Deadline}, rates: rates, log: log,
		limiter: rate.NewLimiter(rate.Limit(rates.PerSecond), max(1, int(rates.PerSecond))),
		slots:   make(chan struct{}, rates.Concurrent),
		stop:    stop,
		names:   map[string]struct{}{},
	}
	q.start = func(delivery func(context.Context)) {
		q.deliveries.Go(func() { delivery(ctx) })
	}

	return q
}

// Close stops the delivery. Attempts under way are cut off, and their tasks are lost to this queue.
func (q *Queue) Close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()

	q.stop()
	q.deliveries.Wait()
}

// Enqueue implements bulk.Queue.
func (q *Queue) Enqueue(_ context.Context, t bulk.Task, after time.Duration) error {
	body, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("task %s: %w", t.Name(), err)
	}

	q.mu.Lock()
	defer q.mu.Unlock()

	if q.closed {
		return errClosed
	}

	if _, seen := q.names[t.Name()]; seen {
		return nil
	}

	q.names[t.Name()] = struct{}{}

	q.start(func(ctx context.Context) { q.deliver(ctx, t.Name(), body, after) })

	return nil
}

// deliver sends one task until it is done.
func (q *Queue) deliver(ctx context.Context, name string, body []byte, pause time.Duration) {
	backoff := gax.Backoff{Initial: q.rates.MinBackoff, Max: q.rates.MaxBackoff}

	for attempt := 0; ; attempt++ {
		if gax.Sleep(ctx, pause) != nil {
			return
		}

		done, after := q.dispatch(ctx, name, body, attempt)
		if done {
			return
		}

		pause = min(max(after, backoff.Pause()), q.rates.MaxBackoff)
	}
}

// dispatch makes one attempt, within the queue's rates. It returns the pause that the worker asks for.
func (q *Queue) dispatch(ctx context.Context, name string, body []byte, attempt int) (done bool, after time.Duration) {
	select {
	case q.slots <- struct{}{}:
		defer func() { <-q.slots }()
	case <-ctx.Done():
		return false, 0
	}

	if q.limiter.Wait(ctx) != nil {
		return false, 0
	}

	resp, err := q.post(ctx, name, body, attempt)
	if err != nil {
		if ctx.Err() == nil {
			q.log.WarnContext(ctx, "task not delivered", "task", name, "attempt", attempt, "error", err)
		}

		return false, 0
	}

	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()

	return resp.StatusCode/100 == 2, retry.After(resp.Header)
}

func (q *Queue) post(ctx context.Context, name string, body []byte, attempt int) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, q.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("task %s: %w", name, err)
	}

	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CloudTasks-QueueName", "embedded")
	req.Header.Set("X-CloudTasks-TaskName", name)
	req.Header.Set("X-CloudTasks-TaskRetryCount", strconv.Itoa(attempt))

	return q.client.Do(req) //nolint:wrapcheck // logged by the caller with the task's name
}
