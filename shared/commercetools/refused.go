package commercetools

import (
	"errors"
	"net/http"
)

// IsRefused tells whether commercetools said in its own words that it would refuse the same request again: it has no such
// thing, doesn't understand what was asked, or the API client has no scope for it. The token endpoint's refusals are none,
// since nothing at all can be read then.
func IsRefused(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Token {
		return false
	}

	switch e.Status {
	case http.StatusBadRequest, http.StatusNotFound:
		return e.Code != ""
	case http.StatusForbidden:
		return e.Code == "insufficient_scope"
	default:
		return false
	}
}
