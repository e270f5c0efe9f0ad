package mapping

import "fmt"

// MissingError says that a resource lacks what Klaviyo cannot do without, so there is nothing to send.
type MissingError struct {
	// Field is the name in commercetools, such as "email".
	Field string
}

// Error implements error.
func (e *MissingError) Error() string { return fmt.Sprintf("mapping: %s is missing", e.Field) }
