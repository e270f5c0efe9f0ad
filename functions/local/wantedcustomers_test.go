package main

import (
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

type rawCustomer struct {
	ID                      string       `json:"id"`
	Email                   string       `json:"email"`
	FirstName               string       `json:"firstName"`
	LastName                string       `json:"lastName"`
	Title                   string       `json:"title"`
	CompanyName             string       `json:"companyName"`
	Locale                  string       `json:"locale"`
	DefaultBillingAddressID string       `json:"defaultBillingAddressId"`
	BillingAddressIDs       []string     `json:"billingAddressIds"`
	Addresses               []rawAddress `json:"addresses"`
	Custom                  struct {
		Fields map[string]any `json:"fields"`
	} `json:"custom"`
}

// home is the default billing address, else the first billing address, else the first one.
func (c rawCustomer) home() (rawAddress, bool) {
	for _, id := range append([]string{c.DefaultBillingAddressID}, c.BillingAddressIDs[:min(len(c.BillingAddressIDs), 1)]...) {
		for _, a := range c.Addresses {
			if a.ID == id {
				return a, true
			}
		}
	}

	if len(c.Addresses) == 0 {
		return rawAddress{}, false
	}

	return c.Addresses[0], true
}

func wantedCustomers(t *testing.T, shop *commercetoolstest.Shop, all account) {
	t.Helper()

	for _, c := range raws[rawCustomer](t, shop, "customers") {
		profile := fields{"email": c.Email, "external_id": c.ID}

		for name, text := range map[string]string{
			"first_name": c.FirstName, "last_name": c.LastName, "title": c.Title, "organization": c.CompanyName, "locale": c.Locale,
		} {
			if text != "" {
				profile[name] = text
			}
		}

		if c.Custom.Fields != nil {
			profile["properties"] = c.Custom.Fields
		}

		if home, ok := c.home(); ok {
			profile.setAddress(home)
		}

		all.set(t, "profile "+c.ID, profile)
	}
}

func (profile fields) setAddress(a rawAddress) {
	location := fields{
		"address1": given(a.Apartment, a.Building, a.StreetNumber, a.StreetName), "address2": given(a.AdditionalStreetInfo, a.AdditionalAddressInfo),
		"city": given(a.City), "country": given(a.Country), "region": given(a.Region), "zip": given(a.PostalCode),
	}
	profile["location"] = location

	for name, part := range location {
		if part == nil { // What is null is not there in Klaviyo.
			delete(location, name)
		}
	}

	phone := e164(a.Mobile, a.Country)
	if phone == "" {
		phone = e164(a.Phone, a.Country)
	}

	if phone != "" {
		profile["phone_number"] = phone
	}
}
