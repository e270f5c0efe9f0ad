package klaviyo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxBatch is Klaviyo's 5 MB for the body of any bulk request. It doesn't say which megabyte it means; this is the smaller.
const maxBatch = 5_000_000

// ErrBatchFull is what a batch answers to a row that no longer fits. It fits into the next one.
var ErrBatchFull = errors.New("klaviyo: the batch is full")

// DuplicateError is what a batch answers to a row that an earlier one stands in the way of.
type DuplicateError struct {
	// Field is what the two have in common: external_id, email or phone_number of a profile, unique_id of an event.
	Field string
	// Ref is the earlier row's.
	Ref string
}

// Error implements error.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("klaviyo: a row of the batch has this %s already: %s", e.Field, e.Ref)
}

// form is what the bodies of one bulk operation look like around their rows, and how much goes in.
type form struct {
	// kind is the type of the resource that is sent, list the attribute with the rows.
	kind, list string
	maxRows    int
	// maxRow is the most bytes of one row, and tooLarge what is answered to more.
	maxRow   int
	tooLarge error
	// mend returns what to send instead of a row that was refused: something smaller, or nil when there is nothing. Most
	// operations can't mend a row.
	mend func(encoded []byte, why Refused) []byte
}

const formTail = `]}}}}`

func (f form) head() string {
	return `{"data":{"type":"` + f.kind + `","attributes":{"` + f.list + `":{"data":[`
}

// path is where such resources are sent, and asked for.
func (f form) path() string { return "/api/" + f.kind + "s" }

// room is how many bytes a body has for its rows and the commas between them.
func (f form) room() int { return maxBatch - len(f.head()) - len(formTail) }

// pointer is the place of the rows in a body; a number follows.
func (f form) pointer() string { return "/data/attributes/" + f.list + "/data/" }

// rows are what a bulk request is about, each encoded once, into one buffer from which it is sent.
type rows struct {
	list []row
	// buf has their JSON with a comma between two of them.
	buf bytes.Buffer
}

// row is where a row stands in the buffer.
type row struct {
	ref        string
	start, end int
	// instead is what is sent of a row that was mended. The buffer stays as it is: a request that was answered early may still
	// read it.
	instead []byte
}

// Len is the number of rows.
func (r *rows) Len() int { return len(r.list) }

// Refs are the callers' names of the rows, in their order.
func (r *rows) Refs() []string { return refsOf(r.list) }

func refsOf(list []row) []string {
	refs := make([]string, len(list))
	for i, r := range list {
		refs[i] = r.ref
	}

	return refs
}

// halves are the same buffer twice; nothing can be added to them.
func (r *rows) halves() (first, second rows) {
	middle := len(r.list) / 2

	return rows{list: r.list[:middle], buf: r.buf}, rows{list: r.list[middle:], buf: r.buf}
}

// hasRoom tells whether n more rows are likely to fit, going by the size of those that are there.
func (r *rows) hasRoom(f form, n int) bool {
	if len(r.list) == 0 {
		return true
	}

	average := r.buf.Len()/len(r.list) + 1

	return len(r.list)+n <= f.maxRows && r.buf.Len()+n*average <= f.room()
}

// add writes a row behind the others; it leaves nothing behind when it fails.
func (r *rows) add(f form, ref string, v resource) error {
	if len(r.list) == f.maxRows {
		return ErrBatchFull
	}

	before := r.buf.Len()

	if before > 0 {
		r.buf.WriteByte(',')
	}

	start := r.buf.Len()

	if err := r.encode(v); err != nil {
		r.buf.Truncate(before)

		return err
	}

	switch end := r.buf.Len(); {
	case end-start > f.maxRow:
		r.buf.Truncate(before)

		return f.tooLarge
	case end > f.room():
		r.buf.Truncate(before)

		return ErrBatchFull
	default:
		r.list = append(r.list, row{ref: ref, start: start, end: end})

		return nil
	}
}

func (r *rows) encode(v resource) error {
	encoder := json.NewEncoder(&r.buf)
	encoder.SetEscapeHTML(false)

	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("klaviyo: encode a %s: %w", strings.ReplaceAll(v.Type, "-", " "), err)
	}

	r.buf.Truncate(r.buf.Len() - 1) // the encoder's newline

	return nil
}

// body is the request with some of the rows. Those that stand beside each other in the buffer are one piece.
func (r *rows) body(f form, some []row) [][]byte {
	pieces := [][]byte{[]byte(f.head())}
	all := r.buf.Bytes()

	for first, next := 0, 1; first < len(some); next++ {
		if next < len(some) && some[next-1].adjoins(some[next]) {
			continue
		}

		if first > 0 {
			pieces = append(pieces, []byte(","))
		}

		if next-first == 1 {
			pieces = append(pieces, r.encoded(some[first]))
		} else {
			pieces = append(pieces, all[some[first].start:some[next-1].end])
		}

		first = next
	}

	return append(pieces, []byte(formTail))
}

// adjoins tells whether two rows are one piece of the buffer.
func (w row) adjoins(next row) bool {
	return w.end+1 == next.start && w.instead == nil && next.instead == nil
}

// encoded is a row as it is sent.
func (r *rows) encoded(w row) []byte {
	if w.instead != nil {
		return w.instead
	}

	return r.buf.Bytes()[w.start:w.end]
}
