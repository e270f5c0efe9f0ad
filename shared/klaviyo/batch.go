package klaviyo

import (
	"encoding/json"
	"errors"
	"strings"
)

// ErrProfileTooLarge is what a batch answers to a profile of more than 100 KB, which Klaviyo would refuse.
var ErrProfileTooLarge = errors.New("klaviyo: the profile is larger than 100 KB")

// profileForm is by the OpenAPI description of bulk_import_profiles.
func profileForm() form {
	return form{
		kind: "profile-bulk-import-job", list: "profiles", maxRows: 10_000, maxRow: 100_000, tooLarge: ErrProfileTooLarge,
		mend: withoutRefusedPhone,
	}
}

// withoutRefusedPhone is a row without its phone number, when that is what Klaviyo refuses and not all that there is.
func withoutRefusedPhone(encoded []byte, why Refused) []byte {
	var sent struct {
		Attributes Profile `json:"attributes"`
	}

	if !atPhone(why.Pointer) || json.Unmarshal(encoded, &sent) != nil || sent.Attributes.PhoneNumber.IsZero() {
		return nil
	}

	p := sent.Attributes.WithoutPhone()

	var mended rows
	if len(identifiers(p)) == 0 || mended.encode(resource{Type: profileType, Attributes: p}) != nil {
		return nil
	}

	return mended.buf.Bytes()
}

// ProfileBatch is the body of a bulk import job: at most 10,000 profiles and 5 MB. Each profile is encoded once, into one
// buffer, from which [Client.ImportProfiles] sends. The zero value is an empty batch.
//
// No two rows of a batch have the same identifier, because Klaviyo does not keep the order of rows and may drop one of the
// two. See [ProfileBatch.Add].
type ProfileBatch struct {
	rows

	// seen has the row of each identifier.
	seen map[identifier]int
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
	p = withoutNulls(p)
	if err := b.distinct(&p); err != nil {
		return err
	}

	if err := b.add(profileForm(), ref, resource{Type: profileType, Attributes: p}); err != nil {
		return err
	}

	for _, id := range identifiers(p) {
		b.seen[id] = b.Len() - 1
	}

	return nil
}

// Halves cuts a batch of two or more profiles in two, over the same buffer; nothing can be added to them.
func (b *ProfileBatch) Halves() (first, second *ProfileBatch) {
	one, two := b.halves()

	return &ProfileBatch{rows: one}, &ProfileBatch{rows: two}
}

// Room tells whether n more profiles are likely to fit, going by the size of those that are there.
func (b *ProfileBatch) Room(n int) bool { return b.hasRoom(profileForm(), n) }

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
			return &DuplicateError{Field: id.field, Ref: b.list[earlier].ref}
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
