package delivery

import (
	"encoding/json"
	"errors"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// Carried returns the resource that the message carries in a field, as it was then. ok is false when the message carries
// none, or another one than it is about: then the resource must be fetched. One that can't be read is Unreadable.
func Carried[T any](m Message, field string) (v T, ok bool, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(m.Raw, &fields); err != nil {
		return v, false, Unreadable("the message is no object")
	}

	raw := fields[field]
	if raw == nil || string(raw) == "null" {
		return v, false, nil
	}

	v, err = commercetools.Decode[T](raw)
	if broken, ok := errors.AsType[*commercetools.DecodeError](err); ok {
		return v, false, Unreadable("the " + field + " in the message can't be read: " + broken.Problem)
	}

	return v, err == nil && commercetools.IDOf(raw) == m.Resource.ID, err
}
