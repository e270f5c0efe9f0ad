package logging

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// New returns a logger that writes JSON lines to w, from level upwards. project is the Google Cloud project that traces
// belong to; without one no trace is written. Texts are cut at [MaxText], and a message where it begins to quote: a message of
// ours is constant, and what net/http has to say, when this is slog's default logger, quotes a peer.
func New(w io.Writer, level slog.Level, project string) *slog.Logger {
	json := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: replace})

	return slog.New(&handler{root: json, next: json, project: project})
}

// handler adds the context's trace to each line.
type handler struct {
	// root has no group open: Cloud Logging finds the trace only at the top of a line.
	root slog.Handler
	// next is root after the steps, for lines without a trace.
	next    slog.Handler
	steps   []func(slog.Handler) slog.Handler
	project string
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	id := traceID(ctx)
	if id == "" || h.project == "" {
		return h.next.Handle(ctx, r) //nolint:wrapcheck // the JSON handler's own
	}

	next := h.root.WithAttrs([]slog.Attr{
		slog.String("logging.googleapis.com/trace", "projects/"+h.project+"/traces/"+id),
	})
	for _, step := range h.steps {
		next = step(next)
	}

	return next.Handle(ctx, r) //nolint:wrapcheck // the JSON handler's own
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return h.with(func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h *handler) with(step func(slog.Handler) slog.Handler) *handler {
	return &handler{
		root:    h.root,
		next:    step(h.next),
		steps:   append(slices.Clip(h.steps), step),
		project: h.project,
	}
}

// replace gives slog's own attributes the names that Cloud Logging reads, time has its name already, and limits all values.
func replace(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.LevelKey {
		if level, ok := a.Value.Any().(slog.Level); ok {
			return slog.String("severity", severity(level))
		}
	}

	if len(groups) == 0 && a.Key == slog.MessageKey {
		message, _, _ := strings.Cut(a.Value.String(), `"`)
		a = slog.String("message", message)
	}

	a.Value = limit(a.Value)

	return a
}

func severity(level slog.Level) string {
	switch {
	case level < slog.LevelInfo:
		return "DEBUG"
	case level < slog.LevelWarn:
		return "INFO"
	case level < slog.LevelError:
		return "WARNING"
	default:
		return "ERROR"
	}
}
