package commercetools

import "fmt"

// maxElements bounds the elements of all arrays in a resource. An order of 500 line items with a hundred prices and attributes
// each has no more, and 100,000 times a few hundred bytes fit into an instance's memory. Unbounded, 7 MB of {},{},… took 4 GB.
const maxElements = 100_000

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
	// For each open bracket, whether it is an array's.
	var open []bool

	s, elements := splitter{data: raw}, 0
	for s.at < len(raw) {
		switch raw[s.at] {
		case '"':
			s.text()

			continue
		case '[':
			elements++

			open = append(open, true)
		case '{':
			open = append(open, false)
		case ']', '}':
			open = open[:max(0, len(open)-1)]
		case ',':
			if n := len(open); n > 0 && open[n-1] {
				elements++
			}
		}

		if elements > maxElements {
			return &tooManyError{what: "elements in its arrays", most: maxElements}
		}

		s.at++
	}

	return nil
}
