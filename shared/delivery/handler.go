package delivery

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/ctklaviyo/connector/shared/logging"
)

const (
	// Timeout is how long one message may take. The function's own timeout is 60 seconds, and the subscription's ack
	// deadline 90; as this one ends first, the answer still gets through.
	Timeout = 50 * time.Second

	// maxBody is more than Pub/Sub's largest message of 10 MB in base64.
	maxBody = 16 << 20
)

// Target is where messages go.
type Target struct {
	// Project is the key of the project whose messages are handled. One that names another is parked: it shows that a
	// subscription or CT_PROJECT_ID is wrong, and a person has to see that.
	Project string
	// Handle handles one message. It may be called at the same time for several, and again for one that it has handled.
	Handle Handle
	// Parker keeps what can never succeed. Without one such a message is delivered again.
	Parker Parker
}

// NewHandler returns the HTTP handler of a function. function is its name in the log. target gives where messages go; it
// is asked for every request, so it should remember its answer. When it has none, a missing setting say, the request
// ends with 503 and a line in the log.
//
// The answers: 204, 503 (with Retry-After when the error has one), 405 for a method other than POST, 413 for a body of
// more than 16 MiB. One line is logged for each message.
func NewHandler(function string, log *slog.Logger, target func() (Target, error)) http.HandlerFunc {
	h := &handler{function: function, log: log, target: target}

	return h.serve
}

type handler struct {
	function string
	log      *slog.Logger
	target   func() (Target, error)
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)

		return
	}

	started := time.Now() //nolint:forbidigo // only to log how long it took

	ctx, cancel := context.WithTimeout(logging.WithTrace(r.Context(), r), Timeout)
	defer cancel()

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		h.unread(ctx, w, err)
		return
	}

	ctx, notes := withNotes(ctx)
	d, res := h.handle(ctx, r.Header, body)

	attrs := append(res.attrs(h.function, d), notes.list()...)
	//nolint:forbidigo // as above
	attrs = append(attrs, slog.Int64("milliseconds", time.Since(started).Milliseconds()))
	h.log.LogAttrs(ctx, res.level(), "message handled", attrs...)

	if res.outcome == Done {
		w.WriteHeader(http.StatusNoContent)
		return
	}

	if pause := retryAfter(res.err); pause > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(pause.Seconds()))))
	}

	w.WriteHeader(http.StatusServiceUnavailable)
}

// unread answers a request whose body didn't arrive.
func (h *handler) unread(ctx context.Context, w http.ResponseWriter, err error) {
	status := http.StatusServiceUnavailable
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		status = http.StatusRequestEntityTooLarge
	}

	h.log.LogAttrs(ctx, slog.LevelWarn, "request not read",
		slog.String("function", h.function), slog.Int("status", status), slog.Any("error", err))
	w.WriteHeader(status)
}

// result is what became of a delivery.
type result struct {
	outcome Outcome // Done or Later: one that was to be parked has been, or will come again
	parked  bool
	reason  string
	err     error
}

// handle takes a delivery to its target.
func (h *handler) handle(ctx context.Context, header http.Header, body []byte) (delivered, result) {
	d, err := decode(header, body)

	target, targetErr := guard(h.target)
	if targetErr != nil {
		return d, result{outcome: Later, reason: "not_configured", err: targetErr}
	}

	if of := d.message.ProjectKey; err == nil && of != "" && of != target.Project {
		err = &foreignError{of}
	}

	if err == nil {
		_, err = guard(func() (struct{}, error) { return struct{}{}, target.Handle(ctx, d.message) })
	}

	outcome, reason := judge(err)
	if outcome != Never {
		return d, result{outcome: outcome, reason: reason, err: err}
	}

	if target.Parker == nil {
		return d, result{outcome: Later, reason: reason + ", and parking is not configured", err: err}
	}

	_, parkErr := guard(func() (struct{}, error) {
		return struct{}{}, target.Parker.Park(ctx, d.parked(h.function, reason, err))
	})
	if parkErr != nil {
		return d, result{outcome: Later, reason: reason + ", and parking failed", err: errors.Join(err, parkErr)}
	}

	return d, result{outcome: Done, parked: true, reason: reason, err: err}
}

// guard calls f and turns a panic into an error: one bad message must not end the process.
func guard[T any](f func() (T, error)) (value T, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{value: v, stack: debug.Stack()}
		}
	}()

	return f()
}
