package klaviyotest

import (
	"fmt"
	"regexp"
)

const (
	// maxEmail and maxExternalID are lengths that Klaviyo is known to refuse beyond.
	maxEmail      = 100
	maxExternalID = 255
)

// RefusedPhone is a number that is valid, and refused all the same. Klaviyo does not document which those are, so that this
// one is made up.
const RefusedPhone = "+4915199999999"

var (
	emailForm = regexp.MustCompile(`^[^\s@"<>]+@[^\s@"<>.]+(\.[^\s@"<>.]+)+$`)
	phoneForm = regexp.MustCompile(`^\+[1-9]\d{6,14}$`) // E.164
)

// faultsOf looks over the attributes of a profile. base is the pointer of the resource they belong to: "/data".
func faultsOf(attributes map[string]any, base string) []fault {
	var faults []fault

	base += "/attributes"

	for name, value := range attributes {
		if detail := faultOf(name, value); detail != "" {
			faults = append(faults, fault{detail, base + "/" + name})
		}
	}

	return faults
}

// faultOf tells what is wrong with one attribute; "" when nothing is. Null is right everywhere.
func faultOf(name string, value any) string {
	if value == nil {
		return ""
	}

	switch name {
	case "location", "properties":
		if _, ok := value.(map[string]any); !ok {
			return "An object was expected."
		}

		return ""
	case "email", "external_id", "phone_number", "first_name", "last_name", "organization", "locale", "title", "image":
	default:
		return fmt.Sprintf("'%s' is not a valid field for the resource 'profile'.", name)
	}

	s, ok := value.(string)

	switch {
	case !ok:
		return "A string was expected."
	case name == "email" && (len(s) > maxEmail || !emailForm.MatchString(s)):
		return "Invalid email address"
	case name == "phone_number" && (s == RefusedPhone || !phoneForm.MatchString(s)):
		return "Invalid phone number format (Example of a valid format: +12345678901)"
	case name == "external_id" && (s == "" || len(s) > maxExternalID):
		return "Invalid external_id"
	}

	return ""
}

// identified tells whether there is an identifier at all.
func identified(attributes map[string]any) bool {
	for _, field := range identifierFields() {
		if _, ok := identifierOf(attributes, field); ok {
			return true
		}
	}

	return false
}
