package logging

import (
	"context"
	"net/http"
	"regexp"
	"strings"
)

type traceKey struct{}

// WithTrace returns a context whose lines carry the trace of the request: the one of X-Cloud-Trace-Context
// ("TRACE/SPAN;o=1"), else of traceparent ("00-TRACE-SPAN-01"). Without a trace it returns ctx.
func WithTrace(ctx context.Context, r *http.Request) context.Context {
	id, _, _ := strings.Cut(r.Header.Get("X-Cloud-Trace-Context"), "/")
	if !validTrace(id) {
		// https://www.w3.org/TR/trace-context/#traceparent-header
		if parts := strings.Split(r.Header.Get("Traceparent"), "-"); len(parts) >= 4 {
			id = parts[1]
		}
	}

	if !validTrace(id) {
		return ctx
	}

	return context.WithValue(ctx, traceKey{}, id)
}

// traceID returns the context's trace, or "".
func traceID(ctx context.Context) string {
	id, _ := ctx.Value(traceKey{}).(string)

	return id
}

var traceForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// validTrace tells whether a header's text is a trace: anyone can send the header, and it ends up in the log.
func validTrace(id string) bool {
	return traceForm.MatchString(id) && strings.Trim(id, "0") != ""
}
