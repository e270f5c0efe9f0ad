package mapping

import "fmt"

// MissingError says that a resource lacks what Klaviyo cannot do without, so there is nothing to send.
type MissingError struct {
	// Field is the name in commercetools, such as "email".
	Field string
}

// Error implements error.
func (e *MissingError) Error() string { return fmt.Sprintf("mapping: %s is missing", e.Field) }

// UnsupportedError says that a resource is of a kind that can't be mapped: what Klaviyo has of it must stay as it is.
type UnsupportedError struct {
	// Problem is for people, and says nothing about the resource's values.
	Problem string
}

// Error implements error.
func (e *UnsupportedError) Error() string { return e.Problem }
