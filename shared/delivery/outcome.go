package delivery

import (
	"errors"
	"net/http"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// Outcome is what becomes of a message.
type Outcome int

const (
	// Done is acknowledged: handled, or nothing to do.
	Done Outcome = iota
	// Later is delivered again.
	Later
	// Never is parked, then acknowledged.
	Never
)

// String implements fmt.Stringer.
func (o Outcome) String() string { return [...]string{logging.Done, logging.Later, "never"}[o] }

// Classify turns a handler's error into what becomes of the message. An error that it doesn't know may pass, so that it
// is Later.
func Classify(err error) Outcome {
	outcome, _ := judge(err)

	return outcome
}

// judge also gives the reason, for the log and for a parked message.
func judge(err error) (Outcome, string) {
	if err == nil {
		return Done, ""
	}

	if e, ok := errors.AsType[*ignoredError](err); ok {
		return Done, e.reason
	}

	if e, ok := errors.AsType[*mapping.MissingError](err); ok {
		return Done, e.Field + " is missing"
	}

	if unreadable(err) {
		return Never, "unreadable"
	}

	if _, ok := errors.AsType[*mapping.UnsupportedError](err); ok {
		return Never, "unsupported"
	}

	if _, ok := errors.AsType[*foreignError](err); ok {
		return Never, "foreign_project"
	}

	if e, ok := errors.AsType[*klaviyo.Error](err); ok {
		return judgeKlaviyo(e)
	}

	if e, ok := errors.AsType[*commercetools.Error](err); ok {
		return judgeCommercetools(e)
	}

	if _, ok := errors.AsType[*panicError](err); ok {
		return Later, logging.Panicked
	}

	return Later, "unavailable"
}

// unreadable tells whether the message, or the resource that it names, can't be understood. A resource without even an id
// is more likely something else's answer, such as a proxy's page, so that it doesn't count.
func unreadable(err error) bool {
	if _, ok := errors.AsType[*unreadableError](err); ok || errors.Is(err, commercetools.ErrInvalidID) {
		return true
	}

	e, ok := errors.AsType[*commercetools.DecodeError](err)

	return ok && e.ID != ""
}

// judgeKlaviyo: 401 and 403 are a key or a scope that someone will mend. A 404 names something that isn't there yet, such
// as a category of a product: messages come in any order.
func judgeKlaviyo(e *klaviyo.Error) (Outcome, string) {
	switch {
	case !klaviyo.IsRefused(e):
		return Later, "klaviyo_unavailable"
	case klaviyo.IsConflict(e):
		return Never, "conflict"
	default:
		return Never, "klaviyo_rejected"
	}
}

// judgeCommercetools: the token endpoint's refusals, a 400 for an unknown scope among them, are about the settings, never
// about the message. A 400 without a code is that of a proxy on the way.
func judgeCommercetools(e *commercetools.Error) (Outcome, string) {
	switch {
	case commercetools.IsNotFound(e):
		return Done, "gone from commercetools"
	case e.Status == http.StatusBadRequest && e.Code != "" && !e.Token:
		return Never, "commercetools_rejected"
	default:
		return Later, "commercetools_unavailable"
	}
}

// retryAfter is the pause that the error asks for; 0 when it doesn't.
func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*klaviyo.Error](err); ok {
		return e.RetryAfter
	}

	if e, ok := errors.AsType[*commercetools.Error](err); ok {
		return e.RetryAfter
	}

	return 0
}
