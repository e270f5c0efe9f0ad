package customerevents

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/functiontest"
)

const (
	id    = "043cf898-d6f7-4572-b0c9-7e65a577069e"
	email = "ann@example.org"
	phone = "+4915123456789"
)

// shop is the function between a commercetools and a Klaviyo.
type shop struct{ *functiontest.Shop }

func open(t *testing.T, o functiontest.Options) shop {
	t.Helper()

	return shop{functiontest.Open(t, functiontest.Function{Name: name, New: New}, o)}
}

// profiles are the attributes of the profiles in Klaviyo.
func (s shop) profiles() []map[string]any {
	var all []map[string]any
	for _, p := range s.Klaviyo.Profiles() {
		all = append(all, p.Attributes)
	}

	return all
}

type object = map[string]any

// customer is Ann in commercetools, with changes.
func customer(t *testing.T, changes object) json.RawMessage {
	t.Helper()

	c := object{
		"id": id, "version": 1, "lastModifiedAt": "2026-01-02T03:04:05.001Z", "email": email, "firstName": "Ann", "lastName": "Arbor",
		"addresses": []object{{"id": "a1", "country": "DE", "city": "Berlin", "mobile": phone}},
	}
	maps.Copy(c, changes)

	return functiontest.Encode(t, c)
}

// message is a Message of a type, with more fields.
func message(t *testing.T, kind string, more object) string {
	t.Helper()

	return functiontest.Message(t, "customer", id, kind, more)
}

// change is a Resource… notification.
func change(t *testing.T, kind string) string {
	t.Helper()

	return functiontest.Change(t, "customer", id, kind)
}

// erased is a ResourceDeleted with dataErasure.
func erased(t *testing.T) string {
	t.Helper()

	return strings.Replace(change(t, "ResourceDeleted"), "{", `{"dataErasure":true,`, 1)
}

// erasure is a config with data erasure.
const erasure = `{"customer":{"dataErasure":{"enabled":true}}}`

// ann is Ann's profile in Klaviyo, with changes.
func ann(changes object) object {
	p := object{
		"external_id": id, "email": email, "phone_number": phone, "first_name": "Ann", "last_name": "Arbor",
		"location": object{"city": "Berlin", "country": "DE"},
	}
	maps.Copy(p, changes)
	maps.DeleteFunc(p, func(_ string, v any) bool { return v == nil })

	return p
}
