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
// is asked for every request, so it should remember its answer. When it has none, because a setting is missing for
// example, the request ends with 503 and a line in the log.
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

	ctx, requests := logging.WithRequests(ctx)
	ctx, notes := withNotes(ctx)
	d, res := h.deliver(ctx, r.Header, body)

	attrs := append(res.attrs(h.function, d), notes.list()...)
	attrs = append(attrs, slog.Int64(logging.RequestsKey, requests.Load()),
		slog.Int64(logging.MillisecondsKey, time.Since(started).Milliseconds())) //nolint:forbidigo // as above
	h.log.LogAttrs(ctx, res.level(), logging.MessageHandled, attrs...)

	if res.outcome != Later { // What never succeeds has been parked.
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
		slog.String(logging.FunctionKey, h.function), slog.Int("status", status), slog.Any(logging.ErrorKey, err))
	w.WriteHeader(status)
}

// result is what becomes of a delivery.
type result struct {
	outcome Outcome
	// reason is a code for what failed, and a phrase where there is nothing to do. Neither quotes anything: it is a label of
	// a metric.
	reason string
	// parking is why one that never succeeds has not been parked: "not_configured" or "failed". It comes again.
	parking string
	err     error
}

// deliver takes a delivery to the target, and parks it if it never succeeds.
func (h *handler) deliver(ctx context.Context, header http.Header, body []byte) (delivered, result) {
	d, decodeErr := decode(header, body)

	var target Target

	err := guard(func() (err error) {
		target, err = h.target()

		return err
	})
	if err != nil {
		return d, result{outcome: Later, reason: logging.NotConfigured, err: err}
	}

	res := target.handle(ctx, d, decodeErr)
	if res.outcome == Never {
		res = h.park(ctx, target.Parker, d, res)
	}

	return d, res
}

// handle takes a delivery that was decoded, or not, to Handle.
func (t Target) handle(ctx context.Context, d delivered, err error) result {
	if of := d.message.ProjectKey; err == nil && of != "" && of != t.Project {
		err = &foreignError{logging.Shorten(of, maxLogged)}
	}

	if err == nil {
		err = guard(func() error { return t.Handle(ctx, d.message) })
	}

	outcome, reason := judge(err)

	return result{outcome: outcome, reason: reason, err: err}
}

// park parks what never succeeds; it comes later when it can't be parked.
func (h *handler) park(ctx context.Context, parker Parker, d delivered, refused result) result {
	if parker == nil {
		return result{outcome: Later, reason: refused.reason, parking: "not_configured", err: refused.err}
	}

	if err := guard(func() error { return parker.Park(ctx, d.parked(h.function, refused.reason, refused.err)) }); err != nil {
		return result{outcome: Later, reason: refused.reason, parking: "failed", err: errors.Join(refused.err, err)}
	}

	return refused
}

// guard calls f and turns a panic into an error: one bad message must not end the process.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{value: v, stack: debug.Stack()}
		}
	}()

	return f()
}
