package delivery

import (
	"errors"
	"fmt"
)

// Ignored is how a handler says that there is nothing to do. The message is acknowledged and logged with the reason, a
// constant phrase.
func Ignored(reason string) error { return &ignoredError{reason} }

type ignoredError struct{ reason string }

func (e *ignoredError) Error() string { return "delivery: nothing to do: " + e.reason }

// Unreadable says that a message can't be understood, now or ever. It is parked. The reason must not quote the message.
func Unreadable(reason string) error { return &unreadableError{reason} }

type unreadableError struct{ reason string }

func (e *unreadableError) Error() string { return "delivery: unreadable: " + e.reason }

// foreignError is a message of another commercetools project than the one that the function reads: what it is about isn't
// there, or worse, is something else by the same id.
type foreignError struct{ project string }

func (e *foreignError) Error() string {
	return fmt.Sprintf("delivery: the message is of project %q, which is not CT_PROJECT_ID", e.project)
}

// panicError is a panic of a handler.
type panicError struct {
	value any
	stack []byte
}

// Error implements error. Only the runtime's own words are repeated: another value may hold anything.
func (e *panicError) Error() string {
	if err, ok := e.value.(error); ok {
		if inner, ok := errors.AsType[interface {
			error
			RuntimeError()
		}](err); ok {
			return "delivery: panic: " + inner.Error()
		}
	}

	return "delivery: panic"
}
