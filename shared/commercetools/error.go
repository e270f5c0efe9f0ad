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
	// Code is the first error's code, such as "ResourceNotFound"; empty when the body was not commercetools' JSON.
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

// IsNotFound tells whether the resource does not exist (any more).
func IsNotFound(err error) bool {
	var e *Error

	return errors.As(err, &e) && e.Status == http.StatusNotFound
}
