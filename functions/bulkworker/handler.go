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

// New returns the handler of Cloud Tasks' requests, on any path. It answers 204 when the task is done, and 429 or 503
// when it has to come back: the queue delivers it until it is done. worker is asked for every request.
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

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the task could not be read", readStatus(err))

		return
	}

	task, err := bulk.ParseTask(body)
	if err != nil {
		// Perhaps a task of a newer version, in the middle of a deployment: the queue keeps it.
		h.log.ErrorContext(ctx, "unreadable task", logging.FunctionKey, name, logging.ErrorKey, err)
		http.Error(w, err.Error(), http.StatusBadRequest)

		return
	}

	// Without the header, or with another text in it, nothing is known of earlier deliveries.
	task.Retries, _ = strconv.Atoi(r.Header.Get("X-CloudTasks-TaskRetryCount"))

	if err := h.do(ctx, task); err != nil {
		comeBack(w, err)

		return
	}

	w.WriteHeader(http.StatusNoContent)
}

// do does a task, and logs one line about it.
func (h handler) do(ctx context.Context, task bulk.Task) error {
	start := time.Now()
	ctx, requests := logging.WithRequests(ctx)

	worker, err := h.worker()
	if err == nil {
		err = worker.Do(ctx, task)
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
		slog.String(logging.ResourceKey, string(task.Resource)),
		slog.String(logging.RunKey, task.Run),
		slog.Int(logging.ShardKey, task.Shard),
		slog.Int(logging.PageKey, task.Page),
		slog.Int(logging.AttemptKey, task.Retries+1),
		slog.Int64(logging.RequestsKey, requests.Load()),
		slog.Int64(logging.MillisecondsKey, time.Since(start).Milliseconds()),
	}
	if level == slog.LevelWarn {
		attrs = append(attrs, slog.Any(logging.ErrorKey, err))
	}

	h.log.LogAttrs(ctx, level, logging.TaskHandled, attrs...)

	return err
}

// comeBack answers 429 with Klaviyo's own pause when Klaviyo's limit is the reason, and 503 otherwise.
func comeBack(w http.ResponseWriter, err error) {
	refused, ok := errors.AsType[*klaviyo.Error](err)
	if !ok || refused.Status != http.StatusTooManyRequests {
		http.Error(w, "the task is not done", http.StatusServiceUnavailable)

		return
	}

	seconds := int((min(refused.RetryAfter, maxPause) + time.Second - 1) / time.Second)
	w.Header().Set("Retry-After", strconv.Itoa(max(1, seconds)))
	http.Error(w, "Klaviyo's limit is reached", http.StatusTooManyRequests)
}

func readStatus(err error) int {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return http.StatusRequestEntityTooLarge
	}

	return http.StatusBadRequest
}
