package klaviyo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sent is what a batch sends with some of its rows.
func sent(t *testing.T, f form, b *rows, some []row) string {
	t.Helper()

	body, err := io.ReadAll(reader(b.body(f, some)))
	if err != nil {
		t.Fatal(err)
	}

	if int64(len(body)) != size(b.body(f, some)) {
		t.Errorf("length %d of a body of %d", size(b.body(f, some)), len(body))
	}

	if !json.Valid(body) {
		t.Errorf("not JSON: %s", body)
	}

	return string(body)
}

func add(t *testing.T, b *ProfileBatch, ref string, p Profile) {
	t.Helper()

	if err := b.Add(ref, p); err != nil {
		t.Fatalf("add %s: %v", ref, err)
	}
}

func TestBatchBody(t *testing.T) {
	t.Parallel()

	properties := map[string]json.RawMessage{"size": json.RawMessage(`"<M>"`), "gone": json.RawMessage(`null`)}

	var b ProfileBatch

	add(t, &b, "1", Profile{Email: Set("a@example.com"), FirstName: Null[string](), Properties: properties})
	add(t, &b, "2", Profile{ExternalID: Set("2"), Location: &Location{City: Null[string]()}})
	add(t, &b, "3", Profile{ExternalID: Set("3"), Location: &Location{City: Null[string](), Zip: Set("1")}, LastName: Set("")})

	const (
		head  = `{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[`
		one   = `{"type":"profile","attributes":{"email":"a@example.com","properties":{"size":"<M>"}}}`
		two   = `{"type":"profile","attributes":{"external_id":"2"}}`
		three = `{"type":"profile","attributes":{"external_id":"3","last_name":"","location":{"zip":"1"}}}`
		tail  = `]}}}}`
	)

	if diff := cmp.Diff(head+one+","+two+","+three+tail, sent(t, profileForm(), &b.rows, b.list)); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}

	if diff := cmp.Diff(head+one+","+three+tail, sent(t, profileForm(), &b.rows, []row{b.list[0], b.list[2]})); diff != "" {
		t.Errorf("without the second (-want +got):\n%s", diff)
	}

	if diff := cmp.Diff(head+two+","+three+tail, sent(t, profileForm(), &b.rows, b.list[1:])); diff != "" {
		t.Errorf("without the first (-want +got):\n%s", diff)
	}

	if len(properties) != 2 || b.Len() != 3 {
		t.Errorf("the caller's properties are %v, Len = %d", properties, b.Len())
	}

	// The rows stand in one buffer; a body refers to it.
	pieces := b.body(profileForm(), b.list)
	if len(pieces) != 3 || &pieces[1][0] != &b.buf.Bytes()[0] {
		t.Errorf("the body is a copy, in %d pieces", len(pieces))
	}
}

func TestBatchRefuses(t *testing.T) {
	t.Parallel()

	full := Profile{
		ExternalID: Set("1"), Email: Set("a@example.com"), PhoneNumber: Set("+4915112345678"),
	}

	tests := []struct {
		name    string
		profile Profile
		want    error
		phone   bool
	}{
		{"nothing in common", Profile{ExternalID: Set("2"), Email: Set("b@example.com"), PhoneNumber: Set("+4915112345679")}, nil, true},
		{"external id", Profile{ExternalID: Set("1"), Email: Set("b@example.com")}, &DuplicateError{"external_id", "first"}, false},
		{"email", Profile{ExternalID: Set("2"), Email: Set("a@example.com")}, &DuplicateError{"email", "first"}, false},
		{"email in another case", Profile{ExternalID: Set("2"), Email: Set("A@Example.COM")}, &DuplicateError{"email", "first"}, false},
		{"phone", Profile{ExternalID: Set("2"), PhoneNumber: Set("+4915112345678")}, nil, false},
		{"phone and nothing else", Profile{PhoneNumber: Set("+4915112345678")}, &DuplicateError{"phone_number", "first"}, false},
		{"too large", Profile{ExternalID: Set("2"), Title: Set(strings.Repeat("x", profileForm().maxRow))}, ErrProfileTooLarge, false},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			var b ProfileBatch

			add(t, &b, "first", full)
			before := sent(t, profileForm(), &b.rows, b.list)

			if err := b.Add("second", tt.profile); !cmp.Equal(err, tt.want, cmp.Comparer(sameError)) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}

			after := sent(t, profileForm(), &b.rows, b.list)
			if tt.want != nil && (after != before || b.Len() != 1) {
				t.Errorf("something was added: %s", after)
			}

			if got := strings.Count(after, "phone_number") > 1; got != tt.phone {
				t.Errorf("phone number sent: %t, want %t", got, tt.phone)
			}
		})
	}
}

func sameError(a, b error) bool {
	one, ok := errors.AsType[*DuplicateError](a)
	other, too := errors.AsType[*DuplicateError](b)

	return ok && too && *one == *other || errors.Is(a, b)
}

// What is refused leaves no trace, so that its identifiers are free.
func TestBatchForgetsWhatItRefuses(t *testing.T) {
	t.Parallel()

	var b ProfileBatch

	large := Profile{ExternalID: Set("1"), Title: Set(strings.Repeat("x", profileForm().maxRow))}
	if err := b.Add("large", large); !errors.Is(err, ErrProfileTooLarge) {
		t.Fatal(err)
	}

	broken := Profile{ExternalID: Set("1"), Properties: map[string]json.RawMessage{"x": json.RawMessage(`{`)}}
	if err := b.Add("broken", broken); err == nil {
		t.Fatal("properties that aren't JSON were added")
	}

	add(t, &b, "small", Profile{ExternalID: Set("1")})
	sent(t, profileForm(), &b.rows, b.list)
}

func TestBatchIsFullOfRows(t *testing.T) {
	t.Parallel()

	var b ProfileBatch

	for i := range 10_000 {
		if !b.Room(1) {
			t.Fatalf("no room for row %d", i)
		}

		add(t, &b, "", Profile{ExternalID: Set(fmt.Sprint(i))})
	}

	if err := b.Add("", Profile{ExternalID: Set("one more")}); !errors.Is(err, ErrBatchFull) || b.Len() != 10_000 {
		t.Errorf("error %v, Len = %d", err, b.Len())
	}

	if b.Room(1) {
		t.Error("there is room")
	}
}

func TestBatchIsFullOfBytes(t *testing.T) {
	t.Parallel()

	var b ProfileBatch

	title := Set(strings.Repeat("x", 90_000))

	var err error
	for i := 0; err == nil; i++ {
		err = b.Add("", Profile{ExternalID: Set(fmt.Sprint(i)), Title: title})
	}

	body := sent(t, profileForm(), &b.rows, b.list)
	if !errors.Is(err, ErrBatchFull) || len(body) > 5_000_000 || len(body) < 4_900_000 {
		t.Fatalf("error %v with %d bytes", err, len(body))
	}

	if b.Room(1) || !b.Room(0) {
		t.Errorf("Room(1) = %t", b.Room(1))
	}

	// A smaller one still fits.
	add(t, &b, "", Profile{ExternalID: Set("small")})
}

// demo is a profile with every attribute, of some 600 bytes.
func demo(i int) Profile {
	return Profile{
		Email:        Set(fmt.Sprintf("customer-%d@example.com", i)),
		ExternalID:   Set(fmt.Sprintf("6c5f3f3e-6d5c-4d4c-8b1f-%012d", i)),
		PhoneNumber:  Set(fmt.Sprintf("+49151%08d", i)),
		FirstName:    Set("Annegret"),
		LastName:     Set("Müller-Lüdenscheidt"),
		Title:        Set("Dr."),
		Organization: Set("Example & Sons"),
		Locale:       Set("de-DE"),
		Location: &Location{
			Address1: Set("12 B, Unter den Linden"), Address2: Null[string](), City: Set("Berlin"), Country: Set("DE"),
			Region: Null[string](), Zip: Set("10117"),
		},
		Properties: map[string]json.RawMessage{
			"loyaltyPoints": json.RawMessage(`1200`),
			"newsletter":    json.RawMessage(`true`),
			"shoeSizes":     json.RawMessage(`["38","39"]`),
		},
	}
}

func BenchmarkBatch(b *testing.B) {
	profiles := make([]Profile, profileForm().maxRows)
	for i := range profiles {
		profiles[i] = demo(i)
	}

	b.ReportAllocs()

	for b.Loop() {
		var batch ProfileBatch
		for i, p := range profiles {
			if err := batch.Add("", p); err != nil {
				b.Fatalf("profile %d: %v", i, err)
			}
		}

		b.SetBytes(int64(batch.buf.Len()))
	}
}

func TestReaderGivesEveryAttemptTheWholeBody(t *testing.T) {
	t.Parallel()

	pieces := [][]byte{[]byte("a"), []byte("bc"), nil, []byte("d")}

	for range 2 {
		got, err := io.ReadAll(reader(pieces))
		if err != nil || !bytes.Equal(got, []byte("abcd")) {
			t.Fatalf("read %q, %v", got, err)
		}
	}
}
