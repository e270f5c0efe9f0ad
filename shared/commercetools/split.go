package commercetools

import (
	"bytes"
	"encoding/json"
	"math"
)

// members cuts a JSON object into its properties; anything else has none. raw has to be valid JSON, and the properties are
// parts of it, not copies. Of a property that comes twice the last one counts, as in encoding/json.
func members(raw []byte) map[string]json.RawMessage {
	s := splitter{data: raw}
	if !s.accept('{') {
		return nil
	}

	all := map[string]json.RawMessage{}

	for !s.accept('}') {
		key, ok := s.key()
		if !ok {
			return nil
		}

		value, ok := s.value()
		if !ok {
			return nil
		}

		all[unquoted(key)] = value

		s.accept(',')
	}

	return all
}

// elements cuts a JSON array; anything else has none. raw has to be valid JSON, and the elements are parts of it.
func elements(raw []byte) []json.RawMessage {
	s := splitter{data: raw}
	all, _ := s.elements(math.MaxInt)

	return all
}

// unquoted reads a valid JSON string.
func unquoted(text []byte) string {
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text[1 : len(text)-1])
	}

	var s string

	// It was valid.
	_ = json.Unmarshal(text, &s)

	return s
}
