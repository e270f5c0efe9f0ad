package klaviyo

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/retry"
)

var (
	// ErrUnreadable is an answer that says it is a success and isn't what was asked for.
	ErrUnreadable = errors.New("the answer can't be read")
	// ErrNotJSON is an ErrUnreadable that isn't a JSON object, as all of Klaviyo's answers are: the page of a proxy, say. So it
	// has nothing to do with what was sent.
	ErrNotJSON = fmt.Errorf("%w: it is not JSON", ErrUnreadable)
)

// Error is an answer of Klaviyo that is not a success.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Operation is the method and the path: "POST /api/profiles".
	Operation string
	// Details are the JSON:API errors; none when the body was not Klaviyo's JSON, such as a proxy's page.
	Details []Detail
	// RetryAfter is what the Retry-After header asked for; 0 without one.
	RetryAfter time.Duration
}

// Detail is one JSON:API error. Code and Pointer are cut to [logging.MaxWord] bytes.
type Detail struct {
	// Code is Klaviyo's name of the error, such as "duplicate_profile" or "invalid".
	Code string
	// Title is for people. It may quote what was sent, so it never reaches a log.
	Title string
	// Pointer is the JSON pointer into the request, such as "/data/attributes/email".
	Pointer string
}

// mostNamed is how many details an error's text names: a refused bulk job may have thousands.
const mostNamed = 5

// Error implements error. It gives codes and pointers, never a title, which may quote an email address.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "klaviyo: %s: status %d %s", e.Operation, e.Status, http.StatusText(e.Status))

	for i, d := range e.Details {
		if i == mostNamed {
			fmt.Fprintf(&b, "; and %d more", len(e.Details)-i)

			break
		}

		fmt.Fprintf(&b, "; %s", d.Code)

		if d.Pointer != "" {
			fmt.Fprintf(&b, " at %s", d.Pointer)
		}
	}

	return b.String()
}

// Code returns the first error's code, or "".
func (e *Error) Code() string {
	if len(e.Details) == 0 {
		return ""
	}

	return e.Details[0].Code
}

// Pointer returns the first error's pointer, or "".
func (e *Error) Pointer() string {
	if len(e.Details) == 0 {
		return ""
	}

	return e.Details[0].Pointer
}

// IsConflict tells whether Klaviyo answered 409: something with one of the identifiers exists already.
func IsConflict(err error) bool {
	e, ok := errors.AsType[*Error](err)

	return ok && e.Status == http.StatusConflict
}

// IsNotFound tells whether Klaviyo answered 404 in its own words. A 404 without them comes from something else, at a wrong
// API URL for example, and must not pass for a delete that has nothing to do.
func IsNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)

	return ok && e.Status == http.StatusNotFound && e.Code() != ""
}

// IsRefused tells whether Klaviyo would refuse the same request again. It has to be Klaviyo that says so: a proxy that is out
// of order also answers with 400. That a body is too large (413) is true whoever says it.
func IsRefused(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}

	switch e.Status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
		return e.Code() != ""
	case http.StatusRequestEntityTooLarge:
		return true
	default:
		return false
	}
}

// IsPhoneRefused tells whether Klaviyo refuses nothing but the phone number, without which it takes the rest: it does not
// take every number that libphonenumber finds valid.
func IsPhoneRefused(err error) bool {
	e, ok := errors.AsType[*Error](err)

	return ok && IsRefused(err) && len(e.Details) > 0 &&
		!slices.ContainsFunc(e.Details, func(d Detail) bool { return !atPhone(d.Pointer) })
}

// atPhone tells whether a pointer is that of a profile's phone number, wherever the profile stands.
func atPhone(pointer string) bool { return strings.HasSuffix(pointer, "/phone_number") }

// newError reads an answer that is not a success. A body that is not Klaviyo's JSON leaves the status alone: Cloudflare's
// page for a suspect address is such a 403, and another attempt may pass it. One with too many errors to decode isn't Klaviyo's.
func newError(name string, resp *http.Response, body []byte) *Error {
	e := &Error{Status: resp.StatusCode, Operation: name, RetryAfter: retry.After(resp.Header)}

	var answer struct {
		Errors []struct {
			Code   string `json:"code"`
			Title  string `json:"title"`
			Source struct {
				Pointer string `json:"pointer"`
			} `json:"source"`
		} `json:"errors"`
	}

	if tooMany(body) || json.Unmarshal(body, &answer) != nil {
		return e
	}

	for _, d := range answer.Errors {
		e.Details = append(e.Details, Detail{
			Code:    logging.Shorten(d.Code, logging.MaxWord),
			Title:   d.Title,
			Pointer: logging.Shorten(d.Source.Pointer, logging.MaxWord),
		})
	}

	return e
}
