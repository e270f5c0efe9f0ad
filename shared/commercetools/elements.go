package commercetools

import (
	"fmt"
	"math"
)

// maxElements bounds an array of a resource, and maxAllElements all of them together. A product of 100 variants with 100 prices
// each, all in 10 tiers, has some 100,000, and attributes besides. Decoded, an element takes up to some 300 bytes, even when its text
// is {}: unbounded, a message of 7 MB took 4 GB.
const (
	maxElements    = 10_000
	maxAllElements = 250_000
)

// tooManyError is a resource with more of something than it is worth the memory.
type tooManyError struct {
	what string
	most int
}

// Error implements error.
func (e *tooManyError) Error() string { return fmt.Sprintf("it has more than %d %s", e.most, e.what) }

// checkElements counts without decoding, or checking: of what is no JSON it finds some number, and the decoder says what is
// wrong. An empty array counts as one element.
func checkElements(raw []byte) error {
	// For each open array its elements so far, for each open object less than nothing.
	open := make([]int, 1, 32)
	open[0] = math.MinInt

	s, all := splitter{data: raw}, 0
	for s.at < len(raw) {
		switch raw[s.at] {
		case '"':
			s.text()

			continue
		case '{':
			open = append(open, math.MinInt)
		case '[':
			open = append(open, 1)
			all++
		case ']', '}':
			open = open[:max(1, len(open)-1)]
		case ',':
			top := len(open) - 1
			open[top]++

			if open[top] > maxElements {
				return &tooManyError{what: "elements in an array", most: maxElements}
			}

			if open[top] > 0 {
				all++
			}
		}

		if all > maxAllElements {
			return &tooManyError{what: "elements in its arrays", most: maxAllElements}
		}

		s.at++
	}

	return nil
}
