package mapping

import (
	"encoding/json"
	"slices"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// Profile maps a customer. The custom fields that pass the filter become the profile's custom properties.
//
// What commercetools does not have is absent, so that Klaviyo keeps what it may have learnt elsewhere (such as a first name
// from a sign-up form). The location is the exception: its parts belong together, so a part that the address does not
// have is null, and no street of an old address stays beside a new city. A customer without email is a *MissingError.
func Profile(c commercetools.Customer, fields Filter) (klaviyo.Profile, error) {
	if blank(c.Email) {
		return klaviyo.Profile{}, &MissingError{Field: "email"}
	}

	p := klaviyo.Profile{
		Email:        klaviyo.Set(c.Email),
		ExternalID:   klaviyo.Set(c.ID),
		FirstName:    orAbsent(c.FirstName),
		LastName:     orAbsent(c.LastName),
		Title:        orAbsent(c.Title),
		Organization: orAbsent(c.CompanyName),
		Locale:       orAbsent(c.Locale),
		Properties:   customProperties(c.Custom, fields),
	}

	if a, ok := customerAddress(c); ok {
		p.PhoneNumber = orAbsent(phoneNumber(a))
		p.Location = location(a)
	}

	return p, nil
}

// customerAddress chooses the address that stands for a customer: the default billing address, else the first billing
// address, else the first one. An id that matches no address falls through.
func customerAddress(c commercetools.Customer) (commercetools.Address, bool) {
	ids := []string{c.DefaultBillingAddressID}
	if len(c.BillingAddressIDs) > 0 {
		ids = append(ids, c.BillingAddressIDs[0])
	}

	for _, id := range ids {
		i := slices.IndexFunc(c.Addresses, func(a commercetools.Address) bool { return id != "" && a.ID == id })
		if i >= 0 {
			return c.Addresses[i], true
		}
	}

	if len(c.Addresses) == 0 {
		return commercetools.Address{}, false
	}

	return c.Addresses[0], true
}

func location(a commercetools.Address) *klaviyo.Location {
	return &klaviyo.Location{
		Address1: orNull(street(a)),
		Address2: orNull(joined(a.AdditionalStreetInfo, a.AdditionalAddressInfo)),
		City:     orNull(a.City),
		Country:  orNull(a.Country),
		Region:   orNull(a.Region),
		Zip:      orNull(a.PostalCode),
	}
}

func street(a commercetools.Address) string {
	return joined(a.Apartment, a.Building, a.StreetNumber, a.StreetName)
}

// customProperties filters the custom fields. A null is left out; 0, false and "" are values: a text that was emptied in
// commercetools shall be empty in Klaviyo, which keeps what it is not told. What holds a number like 1e400, which is JSON that
// hardly anybody can read, is left out too: Klaviyo could not even say which field is wrong.
func customProperties(custom *commercetools.Custom, fields Filter) map[string]json.RawMessage {
	if custom == nil {
		return nil
	}

	return fields.Apply(without(custom.Fields, func(v json.RawMessage) bool { return isNull(v) || json.Unmarshal(v, new(any)) != nil }))
}
