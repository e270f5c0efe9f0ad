package klaviyo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// What a bulk import job takes, by the OpenAPI description of bulk_import_profiles. Klaviyo doesn't say which megabyte it
// means; these are the smaller ones.
const (
	maxRows    = 10_000
	maxBatch   = 5_000_000
	maxProfile = 100_000
)

// The body of a bulk import job around its rows.
const (
	batchHead = `{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[`
	batchTail = `]}}}}`
)

var (
	// ErrBatchFull is what a batch answers to a profile that no longer fits. It fits into the next one.
	ErrBatchFull = errors.New("klaviyo: the batch is full")
	// ErrProfileTooLarge is what a batch answers to a profile of more than 100 KB, which Klaviyo would refuse.
	ErrProfileTooLarge = errors.New("klaviyo: the profile is larger than 100 KB")
)

// DuplicateError is what a batch answers to a profile whose identifier an earlier row has.
type DuplicateError struct {
	// Field is the identifier: external_id, email or phone_number.
	Field string
	// Ref is the earlier row's.
	Ref string
}

// Error implements error.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("klaviyo: the batch has a profile with this %s already: %s", e.Field, e.Ref)
}

// ProfileBatch is the body of a bulk import job: at most 10,000 profiles and 5 MB. Each profile is encoded once, into one
// buffer, from which [Client.ImportProfiles] sends. The zero value is an empty batch.
//
// No two rows of a batch have the same identifier, because Klaviyo does not keep the order of rows and may drop one of the
// two. See [ProfileBatch.Add].
type ProfileBatch struct {
	// rows are the profiles, buf their JSON with a comma between two of them.
	rows []row
	buf  bytes.Buffer
	// seen has the row of each identifier.
	seen map[identifier]int
}

// row is where a profile stands in the buffer.
type row struct {
	ref        string
	start, end int
}

type identifier struct{ field, value string }

// Add adds a profile. ref is the caller's name for it, such as its external id, which [Refused] and [DuplicateError] give
// back; it is not sent. Nothing is added when it returns an error:
//
//   - [ErrBatchFull]: send this batch, and add the profile to another one;
//   - [ErrProfileTooLarge]: it can't be sent at all;
//   - *[DuplicateError]: an earlier row has the external id or the email (in any case).
//
// A phone number that an earlier row has is left out, as two people may share one and Klaviyo would refuse the later. Nulls
// are left out as well: a bulk import can't clear a field.
func (b *ProfileBatch) Add(ref string, p Profile) error {
	if len(b.rows) == maxRows {
		return ErrBatchFull
	}

	p = withoutNulls(p)
	if err := b.distinct(&p); err != nil {
		return err
	}

	start, err := b.encode(p)
	if err != nil {
		return err
	}

	for _, id := range identifiers(p) {
		b.seen[id] = len(b.rows)
	}

	b.rows = append(b.rows, row{ref: ref, start: start, end: b.buf.Len()})

	return nil
}

// Len is the number of profiles.
func (b *ProfileBatch) Len() int { return len(b.rows) }

// Refs are the callers' names of the profiles, in their order.
func (b *ProfileBatch) Refs() []string {
	refs := make([]string, len(b.rows))
	for i, r := range b.rows {
		refs[i] = r.ref
	}

	return refs
}

// Halves cuts a batch of two or more profiles in two, over the same buffer; nothing can be added to them.
func (b *ProfileBatch) Halves() (first, second *ProfileBatch) {
	middle := len(b.rows) / 2

	return &ProfileBatch{rows: b.rows[:middle], buf: b.buf}, &ProfileBatch{rows: b.rows[middle:], buf: b.buf}
}

// Room tells whether n more profiles are likely to fit, going by the size of those that are there.
func (b *ProfileBatch) Room(n int) bool {
	if len(b.rows) == 0 {
		return true
	}

	average := b.buf.Len()/len(b.rows) + 1

	return len(b.rows)+n <= maxRows && b.buf.Len()+n*average <= maxBatch-len(batchHead)-len(batchTail)
}

// encode writes a profile behind the others and returns where it starts; it leaves nothing behind when it fails.
func (b *ProfileBatch) encode(p Profile) (int, error) {
	before := b.buf.Len()

	if before > 0 {
		b.buf.WriteByte(',')
	}

	start := b.buf.Len()

	encoder := json.NewEncoder(&b.buf)
	encoder.SetEscapeHTML(false)

	if err := encoder.Encode(resource{Type: profileType, Attributes: p}); err != nil {
		b.buf.Truncate(before)

		return 0, fmt.Errorf("klaviyo: encode a profile: %w", err)
	}

	b.buf.Truncate(b.buf.Len() - 1) // the encoder's newline

	switch length := b.buf.Len() - start; {
	case length > maxProfile:
		b.buf.Truncate(before)

		return 0, ErrProfileTooLarge
	case len(batchHead)+b.buf.Len()+len(batchTail) > maxBatch:
		b.buf.Truncate(before)

		return 0, ErrBatchFull
	}

	return start, nil
}

// distinct checks the identifiers against those of the earlier rows.
func (b *ProfileBatch) distinct(p *Profile) error {
	if b.seen == nil {
		b.seen = map[identifier]int{}
	}

	others := 0

	for _, id := range identifiers(*p) {
		earlier, taken := b.seen[id]

		switch {
		case !taken:
			others++
		case id.field == "phone_number" && others > 0:
			p.PhoneNumber = Field[string]{}
		default:
			return &DuplicateError{Field: id.field, Ref: b.rows[earlier].ref}
		}
	}

	return nil
}

// identifiers are the profile's, the phone number last. Klaviyo tells email addresses apart without their case.
func identifiers(p Profile) []identifier {
	ids := make([]identifier, 0, 3)

	if v, ok := p.ExternalID.Get(); ok {
		ids = append(ids, identifier{"external_id", v})
	}

	if v, ok := p.Email.Get(); ok {
		ids = append(ids, identifier{"email", strings.ToLower(v)})
	}

	if v, ok := p.PhoneNumber.Get(); ok {
		ids = append(ids, identifier{"phone_number", v})
	}

	return ids
}

// body is the job with these rows. Rows that stand beside each other in the buffer are one piece.
func (b *ProfileBatch) body(rows []row) [][]byte {
	pieces := [][]byte{[]byte(batchHead)}
	all := b.buf.Bytes()

	for first, next := 0, 1; first < len(rows); next++ {
		if next < len(rows) && rows[next].start == rows[next-1].end+1 {
			continue
		}

		if first > 0 {
			pieces = append(pieces, []byte(","))
		}

		pieces = append(pieces, all[rows[first].start:rows[next-1].end])
		first = next
	}

	return append(pieces, []byte(batchTail))
}
