package commercetoolstest

import (
	"bytes"
	"iter"
)

// The resources are valid JSON without white space between the tokens, so that a value can be found in one without
// decoding the rest.

// members are the properties of an object: the name as it is written, and where the value is.
func members(raw []byte) iter.Seq2[string, span] {
	return func(yield func(string, span) bool) {
		for i := 1; i < len(raw) && raw[i] == '"'; i++ {
			key := span{i, end(raw, i)}
			value := span{key.to + 1, end(raw, key.to+1)}

			if !yield(string(raw[key.from+1:key.to-1]), value) {
				return
			}

			i = value.to // a comma, or the end
		}
	}
}

// elements are where the values of an array are.
func elements(raw []byte) iter.Seq[span] {
	return func(yield func(span) bool) {
		for i := 1; i < len(raw) && raw[i] != ']'; i++ {
			value := span{i, end(raw, i)}
			if !yield(value) {
				return
			}

			if i = value.to; raw[i] == ']' {
				return
			}
		}
	}
}

// span is a part of a text.
type span struct{ from, to int }

// end returns where the value ends that begins at i.
func end(raw []byte, i int) int {
	switch raw[i] {
	case '"':
		return endOfText(raw, i)
	case '{', '[':
	default:
		return i + bytes.IndexAny(raw[i:], ",]}")
	}

	for depth := 0; ; i++ {
		switch raw[i] {
		case '"':
			i = endOfText(raw, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

func endOfText(raw []byte, i int) int {
	for i++; raw[i] != '"'; i++ {
		if raw[i] == '\\' {
			i++
		}
	}

	return i + 1
}
