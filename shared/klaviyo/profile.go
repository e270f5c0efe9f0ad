package klaviyo

import (
	"encoding/json"
	"maps"
)

// Profile holds the attributes of a profile that this connector writes. Identifiers, by rank: external_id, email,
// phone_number. Source: https://developers.klaviyo.com/en/reference/create_or_update_profile.
type Profile struct {
	Email      Field[string] `json:"email,omitzero"`
	ExternalID Field[string] `json:"external_id,omitzero"`
	// PhoneNumber is in E.164 form; Klaviyo refuses the whole profile otherwise, and for some numbers that are: see
	// [IsPhoneRefused].
	PhoneNumber  Field[string] `json:"phone_number,omitzero"`
	FirstName    Field[string] `json:"first_name,omitzero"`
	LastName     Field[string] `json:"last_name,omitzero"`
	Title        Field[string] `json:"title,omitzero"`
	Organization Field[string] `json:"organization,omitzero"`
	// Locale is a BCP 47 tag, such as "en-US".
	Locale   Field[string] `json:"locale,omitzero"`
	Location *Location     `json:"location,omitempty"`
	// Properties are the custom properties; keys that are absent stay as they are in Klaviyo.
	Properties map[string]json.RawMessage `json:"properties,omitempty"`
}

// WithoutPhone is the profile without its phone number, which Klaviyo then leaves as it is.
func (p Profile) WithoutPhone() Profile {
	p.PhoneNumber = Field[string]{}

	return p
}

// Location is where a profile lives.
type Location struct {
	Address1 Field[string] `json:"address1,omitzero"`
	Address2 Field[string] `json:"address2,omitzero"`
	City     Field[string] `json:"city,omitzero"`
	Country  Field[string] `json:"country,omitzero"`
	Region   Field[string] `json:"region,omitzero"`
	Zip      Field[string] `json:"zip,omitzero"`
}

// withoutNulls leaves out what would clear a field.
func withoutNulls(p Profile) Profile {
	for _, f := range []*Field[string]{
		&p.Email, &p.ExternalID, &p.PhoneNumber, &p.FirstName, &p.LastName, &p.Title, &p.Organization, &p.Locale,
	} {
		dropNull(f)
	}

	if p.Location != nil {
		l := *p.Location
		for _, f := range []*Field[string]{&l.Address1, &l.Address2, &l.City, &l.Country, &l.Region, &l.Zip} {
			dropNull(f)
		}

		p.Location = &l
		if l == (Location{}) {
			p.Location = nil
		}
	}

	for _, v := range p.Properties {
		if isNull(v) {
			p.Properties = maps.Clone(p.Properties)
			maps.DeleteFunc(p.Properties, func(_ string, v json.RawMessage) bool { return isNull(v) })

			break
		}
	}

	return p
}

func dropNull(f *Field[string]) {
	if f.IsNull() {
		*f = Field[string]{}
	}
}

func isNull(v json.RawMessage) bool { return v == nil || string(v) == "null" }
