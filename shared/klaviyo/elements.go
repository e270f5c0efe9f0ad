package klaviyo

// maxElements bounds all arrays of an answer together. The largest tells what is wrong with the 10,000 rows of a job, and has ten
// errors for each; a page of a collection has 100 resources. Decoded, an element takes some 100 bytes even when its text is {}:
// unbounded, an answer of 10 MB took 700.
const maxElements = 100_000

// tooMany tells whether the arrays of an answer have more elements than it is worth the memory. It counts without decoding, or
// checking: of what is no JSON it finds some number. An empty array counts as one element.
func tooMany(body []byte) bool {
	all := 0

	// The brackets that are open.
	var open []byte

	for i := 0; i < len(body) && all <= maxElements; i++ {
		switch c := body[i]; c {
		case '"':
			i = textEnd(body, i)
		case '{':
			open = append(open, c)
		case '[':
			open = append(open, c)
			all++
		case '}', ']':
			open = open[:max(0, len(open)-1)]
		case ',':
			if len(open) > 0 && open[len(open)-1] == '[' {
				all++
			}
		}
	}

	return all > maxElements
}

// textEnd is where a text has its closing quote, given where it has the opening one.
func textEnd(body []byte, at int) int {
	for at++; at < len(body) && body[at] != '"'; at++ {
		if body[at] == '\\' {
			at++
		}
	}

	return at
}
