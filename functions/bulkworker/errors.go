package bulkworker

import (
	"context"
	"errors"
	"net/http"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/retry"
)

// judged marks an error as a bulk.FatalError, a bulk.OutageError or a bulk.TroubleError, if it is one. Any other is the
// page's own.
func judged(err error) error {
	switch {
	case err == nil:
		return nil
	case final(err):
		return &bulk.FatalError{Reason: err.Error()}
	case outage(err):
		return &bulk.OutageError{Err: err}
	case trouble(err):
		return &bulk.TroubleError{Err: err}
	default:
		return err
	}
}

// judging is an importer whose errors are judged.
type judging struct{ bulk.Importer }

// Plan implements bulk.Importer.
func (j judging) Plan(ctx context.Context, o bulk.Options) (bulk.Plan, error) {
	plan, err := j.Importer.Plan(ctx, o)

	return plan, judged(err)
}

// Import implements bulk.Importer.
func (j judging) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	page, err := j.Importer.Import(ctx, w)

	return page, judged(err)
}

// Settle implements bulk.Importer.
func (j judging) Settle(ctx context.Context, w bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	settled, err := j.Importer.Settle(ctx, w, jobs)

	return settled, judged(err)
}

// final tells whether no later attempt would do better: wrong credentials, missing permissions, a project or address that
// does not exist, a query that commercetools does not understand.
func final(err error) bool {
	if ct, ok := errors.AsType[*commercetools.Error](err); ok && ct.Code != "" { // Without one it was a proxy on the way.
		switch ct.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest, http.StatusNotFound:
			return true
		}
	}

	if kl, ok := errors.AsType[*klaviyo.Error](err); ok && kl.Code() != "" { // As above.
		switch kl.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone:
			return true
		}
	}

	return false
}

// outage tells whether a service is away, busy or out of reach. A 500 is none: one that fails at a single page answers so too.
func outage(err error) bool {
	if _, known := errors.AsType[*bulk.OutageError](err); known {
		return true
	}

	if ct, ok := errors.AsType[*commercetools.Error](err); ok {
		return passing(ct.Status, ct.Code != "")
	}

	if kl, ok := errors.AsType[*klaviyo.Error](err); ok {
		return passing(kl.Status, kl.Code() != "")
	}

	_, unanswered := errors.AsType[*retry.UnansweredError](err)

	return unanswered || errors.Is(err, klaviyo.ErrNotJSON) // no record makes Klaviyo answer with a web page
}

// trouble tells whether a service failed without saying why, answered with something else, or time ran out.
func trouble(err error) bool {
	if _, ok := errors.AsType[*klaviyo.Error](err); ok {
		return !klaviyo.IsRefused(err)
	}

	_, ct := errors.AsType[*commercetools.Error](err)
	broken, is := errors.AsType[*commercetools.DecodeError](err)

	return ct || is && broken.ID == "" ||
		errors.Is(err, commercetools.ErrUnreadable) || errors.Is(err, klaviyo.ErrUnreadable) || errors.Is(err, context.DeadlineExceeded)
}

// Cloudflare, which stands before Klaviyo, has statuses of its own: these are for a service that it doesn't reach or understand.
// Source: https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/.
const (
	firstOfCloudflare   = 520
	statusOriginTimeout = 524
	lastOfCloudflare    = 530
)

// passing tells whether an answer passes with time; own tells that it is the service's, and not a proxy's on the way.
func passing(status int, own bool) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, statusOriginTimeout:
		return true
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone:
		return !own
	default:
		return !own && status >= firstOfCloudflare && status <= lastOfCloudflare
	}
}
