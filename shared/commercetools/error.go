package commercetools

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Error is an answer of commercetools (or of its token endpoint) that is not a success.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Operation is the method and the path without the query, which may hold personal data: "GET /my-project/customers/…".
	Operation string
	// Resource tells that one resource was asked for by its id. A query's 404 is about the project.
	Resource bool
	// Token tells that the token endpoint has answered: it is about the settings, never about what was asked for.
	Token bool
	// Code is the first error's code, such as "ResourceNotFound", cut to [logging.MaxWord] bytes; empty when the body was not
	// commercetools' JSON.
	Code string
	// Message is commercetools' own text, shortened.
	Message string
	// RetryAfter is what the Retry-After header asked for; 0 without one.
	RetryAfter time.Duration
}

// Error implements error.
func (e *Error) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("commercetools: %s: status %d %s", e.Operation, e.Status, http.StatusText(e.Status))
	}

	return fmt.Sprintf("commercetools: %s: status %d %s: %s", e.Operation, e.Status, e.Code, e.Message)
}

// IsNotFound tells whether commercetools said in its own words that the resource does not exist (any more). A 404 without
// them comes from something else, at a wrong URL for example.
func IsNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)

	return ok && e.Resource && e.Status == http.StatusNotFound && e.Code != ""
}
