package retry

import "strings"

// transportError is an error of a transport without what the peer has sent: net/http quotes a line that it can't read, and
// that may be the middle of an answer about a person. What it wraps is for errors.Is and errors.AsType, never for a log.
type transportError struct {
	text string
	err  error
}

// Error implements error.
func (e *transportError) Error() string { return e.text }

// Unwrap gives the transport's own error.
func (e *transportError) Unwrap() error { return e.err }

// quoteless ends an error's text where a quote begins. Everything that net/http repeats is between double quotes, by %q.
func quoteless(err error) error {
	text, _, quotes := strings.Cut(err.Error(), `"`)
	if !quotes {
		return err
	}

	return &transportError{strings.TrimRight(text, " ") + " …", err}
}
