package customerevents

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// profile is what Klaviyo has beforehand: identifiers, each may be "".
type profile struct{ externalID, email, phone string }

func (s shop) create(t *testing.T, profiles ...profile) {
	t.Helper()

	for _, p := range profiles {
		var created klaviyo.Profile
		for value, field := range map[string]*klaviyo.Field[string]{
			p.externalID: &created.ExternalID, p.email: &created.Email, p.phone: &created.PhoneNumber,
		} {
			if value != "" {
				*field = klaviyo.Set(value)
			}
		}

		if _, err := s.Client.CreateProfile(t.Context(), created); err != nil {
			t.Fatal(err)
		}
	}
}

// expect looks at the identifiers in Klaviyo: one profile has Ann's name, the others are as they were.
func (s shop) expect(t *testing.T, named profile, others []profile) {
	t.Helper()

	var all, anns []profile

	for _, a := range s.profiles() {
		text := func(name string) string {
			v, _ := a[name].(string)

			return v
		}
		p := profile{text("external_id"), text("email"), text("phone_number")}
		all = append(all, p)

		if text("first_name") == "Ann" {
			anns = append(anns, p)
		}
	}

	if want := append([]profile{named}, others...); !slices.Equal(sorted(want), sorted(all)) {
		t.Errorf("profiles %+v, want %+v", all, want)
	}

	if !slices.Equal(anns, []profile{named}) {
		t.Errorf("%+v are Ann's, want %+v", anns, named)
	}
}

func TestConflicts(t *testing.T) {
	t.Parallel()

	whole := profile{id, email, phone}
	other := profile{email: "other@example.org"}

	tests := []struct {
		name    string
		before  []profile
		named   profile   // the profile that must be Ann's
		others  []profile // and what else must be there
		leftOut string
	}{
		{name: "none", named: whole},
		{name: "same profile", before: []profile{whole}, named: whole},
		{name: "by external id", before: []profile{{externalID: id}}, named: whole},
		{name: "by external id, with another email", before: []profile{{id, "old@example.org", "+4915100000001"}}, named: whole},
		{name: "by email", before: []profile{{email: email}}, named: whole},
		{name: "by email in capitals", before: []profile{{email: "Ann@Example.org"}}, named: whole},
		{
			name: "phone is another's", before: []profile{{externalID: id, email: email}, {email: other.email, phone: phone}},
			named: profile{externalID: id, email: email}, others: []profile{{email: other.email, phone: phone}}, leftOut: "phone_number",
		},
		{
			name: "phone is another's, by email", before: []profile{{email: email}, {email: other.email, phone: phone}},
			named: profile{externalID: id, email: email}, others: []profile{{email: other.email, phone: phone}}, leftOut: "phone_number",
		},
		{
			name: "email is another's", before: []profile{{externalID: id}, {email: email}},
			named: profile{externalID: id, phone: phone}, others: []profile{{email: email}}, leftOut: "email",
		},
		{
			name: "email and phone are another's", before: []profile{{externalID: id}, {email: email, phone: phone}},
			named: profile{externalID: id}, others: []profile{{email: email, phone: phone}}, leftOut: "email, phone_number",
		},
		{
			name: "email and phone are two others'", before: []profile{{externalID: id, email: "old@example.org"}, {email: email}, {phone: phone}},
			named: profile{externalID: id, email: "old@example.org"}, others: []profile{{email: email}, {phone: phone}}, leftOut: "email, phone_number",
		},
	}
	for _, tt := range tests {
		for kind, payload := range map[string]string{
			"created": message(t, "CustomerCreated", object{"customer": customer(t, nil)}),
			"updated": change(t, "ResourceUpdated"),
		} {
			t.Run(tt.name+", "+kind, func(t *testing.T) {
				t.Parallel()

				s := open(t, functiontest.Options{})
				s.Commercetools.Put("customers", customer(t, nil))
				s.create(t, tt.before...)

				if status := s.Deliver(t, payload); status != http.StatusNoContent || len(s.Parked()) != 0 {
					t.Errorf("status %d, %d parked, want 204 and none", status, len(s.Parked()))
				}

				s.expect(t, tt.named, tt.others)

				if leftOut, _ := s.LastLine(t)["left_out"].(string); leftOut != tt.leftOut {
					t.Errorf("left_out %q, want %q", leftOut, tt.leftOut)
				}
			})
		}
	}
}

func TestEmailIsAnothersAndThereIsNoPhone(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.Commercetools.Put("customers", customer(t, object{"addresses": []object{}}))
	s.create(t, profile{externalID: id}, profile{email: email})

	if status := s.Deliver(t, change(t, "ResourceUpdated")); status != http.StatusNoContent {
		t.Errorf("status %d, want 204", status)
	}

	s.expect(t, profile{externalID: id}, []profile{{email: email}})
}

func TestDeduplication(t *testing.T) {
	t.Parallel()

	whole := profile{id, email, phone}

	tests := []struct {
		name   string
		before []profile
		named  profile
		others []profile
	}{
		{name: "none", named: whole},
		{name: "found", before: []profile{{email: email}}, named: whole},
		{name: "found, with another external id", before: []profile{{"of another shop", email, ""}}, named: whole},
		{
			name: "found, and the external id is another's", before: []profile{{email: email}, {externalID: id}},
			named: profile{externalID: id, phone: phone}, others: []profile{{email: email}},
		},
		{
			name: "found, and the phone is another's", before: []profile{{email: email}, {phone: phone}},
			named: profile{externalID: id, email: email}, others: []profile{{phone: phone}},
		},
		{name: "not found, but the external id", before: []profile{{externalID: id}}, named: whole},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{Config: `{"customer":{"deduplication":{"enabled":true}}}`, Checked: true})
			s.Commercetools.Put("customers", customer(t, nil))

			s.create(t, tt.before...)

			// What the message carries is older than what the customer is now.
			payload := message(t, "CustomerCreated", object{"customer": customer(t, object{"firstName": "Then"})})
			if status := s.Deliver(t, payload); status != http.StatusNoContent {
				t.Errorf("status %d, want 204", status)
			}

			s.expect(t, tt.named, tt.others)
		})
	}
}

// Klaviyo does not take every number that is valid. The rest of the profile arrives without it.
func TestRefusedPhone(t *testing.T) {
	t.Parallel()

	const left = "+4915100000001"

	ours := customer(t, object{"addresses": []object{{"id": "a1", "country": "DE", "city": "Berlin", "mobile": klaviyotest.RefusedPhone}}})
	created := message(t, "CustomerCreated", object{"customer": ours})
	deduplication := `{"customer":{"deduplication":{"enabled":true}}}`

	tests := map[string]struct {
		config, payload string
		before          []profile
		named           profile
		others          []profile
		leftOut         string
		requests        int // to Klaviyo
	}{
		"created":                {payload: created, named: profile{externalID: id, email: email}, leftOut: "phone_number", requests: 2},
		"created, with erasure":  {config: erasure, payload: created, named: profile{externalID: id, email: email}, leftOut: "phone_number", requests: 2},
		"updated":                {payload: change(t, "ResourceUpdated"), named: profile{externalID: id, email: email}, leftOut: "phone_number", requests: 2},
		"updated, with an older": {payload: change(t, "ResourceUpdated"), before: []profile{{id, email, left}}, named: profile{id, email, left}, leftOut: "phone_number", requests: 2},
		"created, and there": {
			payload: created, before: []profile{{externalID: id}}, named: profile{externalID: id, email: email}, leftOut: "phone_number", requests: 4,
		},
		"updated, and the email is another's": {
			payload: change(t, "ResourceUpdated"), before: []profile{{externalID: id}, {email: email}},
			named: profile{externalID: id}, others: []profile{{email: email}}, leftOut: "email, phone_number", requests: 4,
		},
		"found": {
			config: deduplication, payload: created, before: []profile{{email: email}},
			named: profile{externalID: id, email: email}, leftOut: "phone_number", requests: 3,
		},
		"not found": {config: deduplication, payload: created, named: profile{externalID: id, email: email}, leftOut: "phone_number", requests: 3},
		"found, and the external id is another's": {
			config: deduplication, payload: created, before: []profile{{email: email}, {externalID: id}},
			named: profile{externalID: id}, others: []profile{{email: email}}, leftOut: "email, phone_number", requests: 7,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{Config: tt.config, Checked: true})
			s.Commercetools.Put("customers", ours)
			s.create(t, tt.before...)
			s.Requests()
			s.Done(t, tt.payload)
			s.expect(t, tt.named, tt.others)

			if line := s.LastLine(t); line["left_out"] != tt.leftOut {
				t.Errorf("left_out %v, want %q", line["left_out"], tt.leftOut)
			}

			toKlaviyo := slices.DeleteFunc(s.Requests(), func(r string) bool { return !strings.Contains(r, " /api/") })
			if len(toKlaviyo) != tt.requests {
				t.Errorf("requests %q, want %d", toKlaviyo, tt.requests)
			}
		})
	}
}

func sorted(all []profile) []profile {
	return slices.SortedFunc(slices.Values(all), func(a, b profile) int {
		return cmp.Or(cmp.Compare(a.externalID, b.externalID), cmp.Compare(a.email, b.email), cmp.Compare(a.phone, b.phone))
	})
}
