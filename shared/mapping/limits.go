package mapping

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
)

// Klaviyo refuses a whole event that is beyond one of these limits; a number of an order's own is no reason to lose the
// order. Source: https://developers.klaviyo.com/en/reference/events_api_overview#limitations.
const (
	maxProperties = 400
	maxTextBytes  = 100_000
	maxElements   = 4_000
	// maxLevels counts nested objects, the one of the properties included.
	maxLevels = 10
	// shortNumber is how many characters a number may have that fits into 64 bits for sure, when it has no exponent.
	shortNumber = 18
	// maxBytes leaves 200 kB of the 5 MB for the rest of the event.
	maxBytes = 4_800_000
)

// fit joins an event's properties, those received and those made here, which win, and brings them within Klaviyo's limits:
//   - a text that is too long, an object that is nested too deep and a number that is too large are left out;
//   - of an array the first elements stay;
//   - of too many properties the last by name go;
//   - of too many bytes the largest property goes, and the next, until the rest fits.
//
// What was received goes before what is made here.
func fit(received, made map[string]json.RawMessage) map[string]json.RawMessage {
	all := make(map[string]json.RawMessage, len(received)+len(made))

	for _, properties := range []map[string]json.RawMessage{received, made} {
		for name, value := range properties {
			if value, ok := trim(value); ok {
				all[name] = value
			}
		}
	}

	size := 0
	for name, value := range all {
		size += len(name) + len(value) + len(`"":,`)
	}

	if len(all) <= maxProperties && size <= maxBytes {
		return all
	}

	receivedFirst := func(a, b string) int {
		_, madeA := made[a]
		_, madeB := made[b]

		switch {
		case madeA == madeB:
			return 0
		case madeB:
			return -1
		default:
			return 1
		}
	}

	lastFirst := func(a, b string) int { return cmp.Or(receivedFirst(a, b), cmp.Compare(b, a)) }
	largestFirst := func(a, b string) int {
		return cmp.Or(receivedFirst(a, b), cmp.Compare(len(all[b]), len(all[a])), cmp.Compare(a, b))
	}

	for _, name := range slices.SortedFunc(maps.Keys(all), lastFirst)[:max(0, len(all)-maxProperties)] {
		size -= len(all[name])
		delete(all, name)
	}

	for _, name := range slices.SortedFunc(maps.Keys(all), largestFirst) {
		if size > maxBytes {
			size -= len(all[name])
			delete(all, name)
		}
	}

	return all
}

// trim brings a property within the limits of its inside. The usual one is looked through once and comes back as it is.
func trim(value json.RawMessage) (json.RawMessage, bool) {
	if within(value) {
		return value, true
	}

	var tree any

	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber() // numbers as they are written

	if decoder.Decode(&tree) != nil {
		return nil, false
	}

	tree, ok := trimmed(tree, 1)
	if !ok {
		return nil, false
	}

	text, err := encode(tree)

	return text, err == nil
}

// within tells whether all inside a valid JSON text is within the limits, the text being inside one object. It is strict
// with texts: it counts the bytes of an escape, not of what that stands for. So it is with numbers, of which it counts the
// characters.
func within(value []byte) bool {
	// For each open array the commas so far, for each open object less than nothing.
	open := make([]int, 1, 32)
	level := 1

	for i := 0; i < len(value); i++ {
		top := len(open) - 1

		switch value[i] {
		case '"':
			end := endOfText(value, i)
			if end-i-1 > maxTextBytes {
				return false
			}

			i = end
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			end, short := endOfNumber(value, i)
			if !short {
				return false
			}

			i = end - 1
		case ',':
			if open[top]++; open[top] >= maxElements {
				return false
			}
		case '[':
			open = append(open, 0)
		case '{':
			if level++; level > maxLevels {
				return false
			}

			open = append(open, math.MinInt)
		case '}':
			level--
			open = open[:top]
		case ']':
			open = open[:top]
		}
	}

	return true
}

// endOfNumber finds what comes behind the number that begins at i, and tells whether it is a short one.
func endOfNumber(value []byte, i int) (end int, short bool) {
	for end = i; end < len(value) && strings.IndexByte("+-.eE0123456789", value[end]) >= 0; {
		end++
	}

	return end, end-i <= shortNumber && !bytes.ContainsAny(value[i:end], "eE")
}

// endOfText returns where the quote is that ends the text which begins at i.
func endOfText(value []byte, i int) int {
	for i++; i < len(value) && value[i] != '"'; i++ {
		if value[i] == '\\' {
			i++
		}
	}

	return i
}

// trimmed returns what may stay of a decoded value inside as many objects as level says; false when nothing may.
func trimmed(value any, level int) (any, bool) {
	switch v := value.(type) {
	case string:
		return v, len(v) <= maxTextBytes
	case []any:
		kept := make([]any, 0, min(len(v), maxElements))

		for _, element := range v[:min(len(v), maxElements)] {
			if element, ok := trimmed(element, level); ok {
				kept = append(kept, element)
			}
		}

		return kept, true
	case map[string]any:
		if level == maxLevels {
			return nil, false
		}

		for name, member := range v {
			if member, ok := trimmed(member, level+1); ok {
				v[name] = member
			} else {
				delete(v, name)
			}
		}

		return v, true
	case json.Number:
		return v, fits(v)
	default:
		return v, true
	}
}

// fits tells whether 64 bits hold a number, the exact one when it is whole.
func fits(n json.Number) bool {
	_, err := n.Int64()
	if err != nil && strings.ContainsAny(n.String(), ".eE") {
		_, err = n.Float64()
	}

	return err == nil
}
