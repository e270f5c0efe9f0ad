package commercetools

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// DecodeError is a resource that does not have the shape it should have. It says where, never what the value was.
type DecodeError struct {
	// Type is what was to be read, such as "commercetools.Customer".
	Type string
	// ID is the resource's; empty when even that couldn't be read.
	ID string
	// Problem is such as "addresses.country holds number; want string".
	Problem string
}

// Error implements error.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("commercetools: decode %s %s: %s", e.Type, e.ID, e.Problem)
}

// Decode reads a T from a resource; properties that T doesn't have are passed over. The error is a *[DecodeError], also for a
// resource that would take too much memory, see elements.go. What is no UTF-8 becomes U+FFFD, as encoding/json has it in texts,
// also in the properties that T keeps as they were received.
func Decode[T any](raw json.RawMessage) (T, error) {
	var v T

	if !utf8.Valid(raw) {
		raw = bytes.ToValidUTF8(raw, []byte(string(utf8.RuneError)))
	}

	err := checkElements(raw)
	if err == nil {
		err = unmarshal(raw, &v)
	}

	if err != nil {
		var zero T

		return zero, newDecodeError(fmt.Sprintf("%T", zero), raw, err)
	}

	return v, nil
}

// unmarshal is json.Unmarshal, which checks the whole text before it hands it to a type that decodes itself. Such a type
// checks it again, and of a large order that is half the work.
func unmarshal(raw []byte, v any) error {
	if own, ok := v.(json.Unmarshaler); ok {
		return own.UnmarshalJSON(raw) //nolint:wrapcheck // Decode words it
	}

	return json.Unmarshal(raw, v) //nolint:wrapcheck // Decode words it
}

// IDOf returns a resource's id, also of one that is broken elsewhere; "" when there is none.
func IDOf(raw json.RawMessage) string {
	var head struct {
		ID string `json:"id"`
	}

	// Of a broken resource the id is the best that can be had.
	_ = json.Unmarshal(raw, &head)

	return head.ID
}

// newDecodeError words err anew, for encoding/json and time quote the value they stumble over.
func newDecodeError(name string, raw json.RawMessage, err error) *DecodeError {
	e := &DecodeError{Type: name, ID: IDOf(raw), Problem: "a value can't be read"}

	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		kind, _, _ := strings.Cut(wrong.Value, " ")
		e.Problem = fmt.Sprintf("%s holds %s; want %s", cmp.Or(wrong.Field, "the resource"), kind, wrong.Type)
	}

	if many, ok := errors.AsType[*tooManyError](err); ok {
		e.Problem = many.Error()
	}

	if broken, ok := errors.AsType[*json.SyntaxError](err); ok {
		e.Problem = fmt.Sprintf("malformed JSON at byte %d", broken.Offset)
	}

	return e
}
