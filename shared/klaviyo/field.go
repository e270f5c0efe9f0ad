package klaviyo

import "encoding/json"

// Field is a JSON attribute with the three states that Klaviyo tells apart: absent (leave what is there), null (clear
// it) and a value. The zero Field is absent. Give it the JSON option omitzero.
type Field[T any] struct {
	value T
	set   bool
	null  bool
}

// Set returns a field with a value.
func Set[T any](v T) Field[T] { return Field[T]{value: v, set: true} }

// Null returns a field that clears what Klaviyo has.
func Null[T any]() Field[T] { return Field[T]{null: true} }

// Get returns the value, and whether there is one.
func (f Field[T]) Get() (T, bool) { return f.value, f.set }

// IsNull tells whether the field clears what Klaviyo has.
func (f Field[T]) IsNull() bool { return f.null }

// IsZero tells whether the field is absent; encoding/json asks it for omitzero.
func (f Field[T]) IsZero() bool { return !f.set && !f.null }

// MarshalJSON implements json.Marshaler.
func (f Field[T]) MarshalJSON() ([]byte, error) {
	if !f.set {
		return []byte("null"), nil
	}

	return json.Marshal(f.value) //nolint:wrapcheck // the encoder's own error says it best
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Field[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*f = Null[T]()

		return nil
	}

	f.set, f.null = true, false

	return json.Unmarshal(data, &f.value) //nolint:wrapcheck // the decoder's own error says it best
}
