package delivery

import (
	"errors"
	"log/slog"

	"github.com/ctklaviyo/connector/shared/logging"
)

// maxLogged is how much of a value is logged; no id is as long.
const maxLogged = 256

// attrs is what is logged about a delivery: ids, never a body.
func (r result) attrs(function string, d delivered) []slog.Attr {
	m := d.message
	attrs := []slog.Attr{
		slog.String(logging.FunctionKey, function),
		slog.String(logging.OutcomeKey, r.name()),
		slog.String(logging.TypeKey, m.kind()),
		slog.String(logging.ResourceTypeKey, m.Resource.TypeID),
		slog.String(logging.ResourceIDKey, m.Resource.ID),
		slog.String("message_id", m.ID),
		slog.String("pubsub_id", d.id),
	}

	for i, a := range attrs { // they come from outside
		attrs[i].Value = slog.StringValue(logging.Shorten(a.Value.String(), maxLogged))
	}

	if d.attempt > 0 {
		attrs = append(attrs, slog.Int(logging.AttemptKey, d.attempt))
	}

	if r.reason != "" {
		attrs = append(attrs, slog.String(logging.ReasonKey, r.reason))
	}

	if r.parking != "" {
		attrs = append(attrs, slog.String("parking", r.parking))
	}

	if r.err != nil && r.outcome != Done {
		attrs = append(attrs, slog.Any(logging.ErrorKey, r.err))
	}

	if e, ok := errors.AsType[*panicError](r.err); ok {
		attrs = append(attrs, slog.String("stack", string(e.stack)))
	}

	return attrs
}

// name is the outcome of a delivery that is over: what never succeeds has been parked.
func (r result) name() string {
	if r.outcome == Never {
		return logging.Parked
	}

	return r.outcome.String()
}

// level: a person should look at what is parked and at a panic; the rest passes by itself.
func (r result) level() slog.Level {
	_, panicked := errors.AsType[*panicError](r.err)

	switch {
	case r.outcome == Never || panicked:
		return slog.LevelError
	case r.outcome == Later:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}
