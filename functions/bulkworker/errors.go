package bulkworker

import (
	"errors"
	"net/http"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// fatal marks the errors that no later attempt would mend: wrong credentials, missing permissions, a project or address
// that does not exist, a query that commercetools does not understand.
func fatal(err error) error {
	if ct, ok := errors.AsType[*commercetools.Error](err); ok && ct.Code != "" { // Without one it was a proxy on the way.
		switch ct.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest, http.StatusNotFound:
			return &bulk.FatalError{Reason: err.Error()}
		}
	}

	if kl, ok := errors.AsType[*klaviyo.Error](err); ok {
		switch {
		case kl.Status == http.StatusNotFound, kl.Status == http.StatusGone:
			return &bulk.FatalError{Reason: err.Error()}
		case len(kl.Details) == 0: // No refusal of Klaviyo's, but of a proxy on the way; it passes.
		case kl.Status == http.StatusUnauthorized, kl.Status == http.StatusForbidden:
			return &bulk.FatalError{Reason: err.Error()}
		}
	}

	return err
}

// never tells whether Klaviyo would refuse the same request again.
func never(err *klaviyo.Error) bool {
	switch err.Status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
		return len(err.Details) > 0
	case http.StatusRequestEntityTooLarge:
		return true
	default:
		return false
	}
}
