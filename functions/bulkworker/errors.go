package bulkworker

import (
	"errors"
	"net/http"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// fatal marks the errors that no later attempt would mend: wrong credentials, missing permissions, a query that
// commercetools does not understand.
func fatal(err error) error {
	if ct, ok := errors.AsType[*commercetools.Error](err); ok {
		switch ct.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest:
			return &bulk.FatalError{Reason: err.Error()}
		}
	}

	// Klaviyo's own refusal has details; without any it was a proxy on the way, and passes.
	if kl, ok := errors.AsType[*klaviyo.Error](err); ok && len(kl.Details) > 0 {
		switch kl.Status {
		case http.StatusUnauthorized, http.StatusForbidden:
			return &bulk.FatalError{Reason: err.Error()}
		}
	}

	return err
}

// never tells whether Klaviyo would refuse the same request again.
func never(err *klaviyo.Error) bool {
	switch err.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	default:
		return false
	}
}
