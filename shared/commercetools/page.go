package commercetools

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// ErrUnreadable is an answer that says it is a success and isn't what was asked for, a gateway's own page say.
var ErrUnreadable = errors.New("the answer can't be read")

var (
	errNotPage  = fmt.Errorf("%w: it is not a page of results", ErrUnreadable)
	errNoResult = fmt.Errorf("%w: it has no results", ErrUnreadable)
)

// splitPage cuts {"total":…,"results":[…]} into its results without copying or decoding them. It looks at brackets and
// strings only, which is some ten times faster than encoding/json's two passes and its copy of each result; each result
// is checked when it is decoded. An answer without results is an error: it must never pass for the end of a scan. So is one
// with more than a page can have, before they take more memory than their text.
func splitPage(body []byte) (Page, error) {
	var page Page

	s := splitter{data: body}

	found, ok := false, s.accept('{') && !s.accept('}')
	for more := ok; more; more = s.accept(',') {
		var key, value []byte
		if key, ok = s.key(); !ok {
			return Page{}, errNotPage
		}

		if string(key) == `"results"` {
			found = true
			page.Results, ok = s.elements(MaxLimit)
		} else {
			value, ok = s.value()
		}

		if ok {
			ok = page.number(string(key), value)
		}

		if !ok {
			return Page{}, errNotPage
		}
	}

	switch {
	case !ok || !s.accept('}') || s.peek() != end:
		return Page{}, errNotPage
	case !found:
		return Page{}, errNoResult
	default:
		return page, nil
	}
}

// number reads the numbers of a page.
func (p *Page) number(key string, value []byte) (ok bool) {
	var err error

	switch key {
	case `"total"`:
		p.Total, err = strconv.Atoi(string(value))
	case `"limit"`:
		p.Limit, err = strconv.Atoi(string(value))
	}

	return err == nil
}

// end is what peek gives behind the last byte; no JSON value begins with it.
const end = 0

// splitter is a place in a JSON text.
type splitter struct {
	data []byte
	at   int
}

// peek skips white space and returns the byte behind it.
func (s *splitter) peek() byte {
	for ; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}

	return end
}

// accept passes c if it is next.
func (s *splitter) accept(c byte) bool {
	if s.peek() != c {
		return false
	}

	s.at++

	return true
}

// key passes an object's key and its colon, and returns the key in its quotes.
func (s *splitter) key() ([]byte, bool) {
	if s.peek() != '"' {
		return nil, false
	}

	key, ok := s.value()

	return key, ok && s.accept(':')
}

// elements passes an array of at most so many elements and returns them.
func (s *splitter) elements(most int) ([]json.RawMessage, bool) {
	if !s.accept('[') {
		return nil, false
	}

	all := []json.RawMessage{}
	if s.accept(']') {
		return all, true
	}

	for {
		value, ok := s.value()
		if !ok || len(all) == most {
			return nil, false
		}

		all = append(all, value)

		if !s.accept(',') {
			return all, s.accept(']')
		}
	}
}

// value passes one value of any kind and returns its text.
func (s *splitter) value() ([]byte, bool) {
	var ok bool

	first := s.peek()
	start := s.at

	switch first {
	case '"':
		ok = s.text()
	case '{', '[':
		ok = s.nested()
	default:
		rest := s.data[s.at:]
		if n := bytes.IndexAny(rest, ",:]} \t\r\n"); n >= 0 {
			rest = rest[:n]
		}

		s.at += len(rest)
		ok = len(rest) > 0
	}

	return s.data[start:s.at:s.at], ok
}

// text passes a string: it ends at the first quote with an even number of backslashes before it.
func (s *splitter) text() bool {
	for s.at++; ; s.at++ {
		n := bytes.IndexByte(s.data[s.at:], '"')
		if n < 0 {
			s.at = len(s.data)

			return false
		}

		before := s.data[s.at : s.at+n]
		s.at += n

		if (len(before)-len(bytes.TrimRight(before, `\`)))%2 == 0 {
			s.at++

			return true
		}
	}
}

// nested passes an object or array with all that is in it.
func (s *splitter) nested() bool {
	for depth := 0; s.at < len(s.data); {
		switch s.data[s.at] {
		case '"':
			if !s.text() {
				return false
			}

			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}

		s.at++

		if depth == 0 {
			return true
		}
	}

	return false
}
