package bulkworker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/logging"
)

// maxBody bounds a task's body; Cloud Tasks' own limit is 1 MB.
const maxBody = 1 << 20

// timeout bounds one task. Cloud Tasks waits ten minutes, and then delivers the task again.
const timeout = 9 * time.Minute

// maxPause bounds how long a task stays away: its run's lease, bulk.Lease, must not end meanwhile.
const maxPause = 5 * time.Minute

// New returns the handler of Cloud Tasks' requests, on any path. It answers 204 when the task is done, and with an
// error when it has to come back: the queue delivers it until it is done. worker is asked for every request.
func New(worker func() (*bulk.Worker, error), log *slog.Logger) http.Handler {
	return handler{worker: worker, log: log}
}

type handler struct {
	worker func() (*bulk.Worker, error)
	log    *slog.Logger
}

// ServeHTTP implements http.Handler.
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "Cloud Tasks posts its tasks", http.StatusMethodNotAllowed)

		return
	}

	ctx, cancel := context.WithTimeout(logging.WithTrace(r.Context(), r), timeout)
	defer cancel()

	if err := h.do(ctx, w, r); err != nil {
		comeBack(w, err)

		return
	}

	w.WriteHeader(http.StatusNoContent)
}

// do does the task that a request has, and logs one line about it. A task that can't be read has its line as well: the queue
// delivers it for as long, and the alert of a task that keeps coming back reads no other lines.
func (h handler) do(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	start := time.Now()
	ctx, requests := logging.WithRequests(ctx)

	task, err := readTask(w, r)
	readable := err == nil

	if readable {
		err = h.work(ctx, task)
	}

	level, outcome := slog.LevelInfo, logging.Done

	switch {
	case err == nil:
	case errors.Is(err, context.Canceled):
		outcome = logging.CutOff
	default:
		level, outcome = slog.LevelWarn, logging.Later
	}

	attrs := []slog.Attr{
		slog.String(logging.FunctionKey, name),
		slog.String(logging.OutcomeKey, outcome),
		slog.Int(logging.AttemptKey, task.Retries+1),
		slog.Int64(logging.RequestsKey, requests.Load()),
		slog.Int64(logging.MillisecondsKey, time.Since(start).Milliseconds()),
	}
	if readable {
		attrs = append(attrs,
			slog.String(logging.ResourceKey, string(task.Resource)),
			slog.String(logging.RunKey, task.Run),
			slog.Int(logging.ShardKey, task.Shard),
			slog.Int(logging.PageKey, task.Page))
	}

	if level == slog.LevelWarn {
		attrs = append(attrs, slog.Any(logging.ErrorKey, err))
	}

	h.log.LogAttrs(ctx, level, logging.TaskHandled, attrs...)

	return err
}

func (h handler) work(ctx context.Context, task bulk.Task) error {
	worker, err := h.worker()
	if err != nil {
		return err
	}

	return worker.Do(ctx, task)
}

// unreadableError is about a body that is no task, perhaps one of a newer version in the middle of a deployment: the queue
// keeps it. status is the answer.
type unreadableError struct {
	status int
	err    error
}

func (e *unreadableError) Error() string { return "unreadable task: " + e.err.Error() }

func (e *unreadableError) Unwrap() error { return e.err }

// readTask reads a request's task. It knows which delivery it is of one that it can't read, too.
func readTask(w http.ResponseWriter, r *http.Request) (task bulk.Task, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	status := http.StatusBadRequest

	if err == nil {
		task, err = bulk.ParseTask(body)
	} else if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		status = http.StatusRequestEntityTooLarge
	}

	// Without the header, or with another text in it, nothing is known of earlier deliveries.
	task.Retries, _ = strconv.Atoi(r.Header.Get("X-CloudTasks-TaskRetryCount"))

	if err != nil {
		return task, &unreadableError{status, err}
	}

	return task, nil
}

// comeBack answers 429 with Klaviyo's own pause when Klaviyo's limit is the reason, 400 or 413 when the task can't be read,
// and 503 otherwise.
func comeBack(w http.ResponseWriter, err error) {
	if bad, ok := errors.AsType[*unreadableError](err); ok {
		http.Error(w, bad.Error(), bad.status)

		return
	}

	refused, ok := errors.AsType[*klaviyo.Error](err)
	if !ok || refused.Status != http.StatusTooManyRequests {
		http.Error(w, "the task is not done", http.StatusServiceUnavailable)

		return
	}

	seconds := int((min(refused.RetryAfter, maxPause) + time.Second - 1) / time.Second)
	w.Header().Set("Retry-After", strconv.Itoa(max(1, seconds)))
	http.Error(w, "Klaviyo's limit is reached", http.StatusTooManyRequests)
}
