package commercetoolstest

import (
	"encoding/json"
	"slices"
)

// Customers generates n customers as commercetools sends them: those of a [Shop] with this seed. Emails are unique; ids look
// like UUIDs of version 4 and spread evenly.
func Customers(seed uint64, n int) []json.RawMessage {
	return slices.Collect(NewShop(seed, Size{Customers: n}).All("customers"))
}

// customer has commercetools' order of properties.
type customer struct {
	base

	CustomerNumber           string    `json:"customerNumber,omitempty"`
	Email                    string    `json:"email"`
	LowercaseEmail           string    `json:"lowercaseEmail"`
	FirstName                string    `json:"firstName,omitempty"`
	LastName                 string    `json:"lastName,omitempty"`
	Title                    string    `json:"title,omitempty"`
	DateOfBirth              string    `json:"dateOfBirth,omitempty"`
	CompanyName              string    `json:"companyName,omitempty"`
	VatID                    string    `json:"vatId,omitempty"`
	Password                 string    `json:"password"`
	Addresses                []address `json:"addresses"`
	DefaultShippingAddressID string    `json:"defaultShippingAddressId,omitempty"`
	ShippingAddressIDs       []string  `json:"shippingAddressIds"`
	DefaultBillingAddressID  string    `json:"defaultBillingAddressId,omitempty"`
	BillingAddressIDs        []string  `json:"billingAddressIds"`
	IsEmailVerified          bool      `json:"isEmailVerified"`
	Custom                   any       `json:"custom,omitempty"`
	Locale                   string    `json:"locale,omitempty"`
	Stores                   []string  `json:"stores"`
	AuthenticationMode       string    `json:"authenticationMode"`
}

type address struct {
	ID                    string `json:"id"`
	FirstName             string `json:"firstName,omitempty"`
	LastName              string `json:"lastName,omitempty"`
	StreetName            string `json:"streetName,omitempty"`
	StreetNumber          string `json:"streetNumber,omitempty"`
	AdditionalStreetInfo  string `json:"additionalStreetInfo,omitempty"`
	PostalCode            string `json:"postalCode,omitempty"`
	City                  string `json:"city,omitempty"`
	Region                string `json:"region,omitempty"`
	Country               string `json:"country"`
	Company               string `json:"company,omitempty"`
	Building              string `json:"building,omitempty"`
	Apartment             string `json:"apartment,omitempty"`
	Phone                 string `json:"phone,omitempty"`
	Mobile                string `json:"mobile,omitempty"`
	AdditionalAddressInfo string `json:"additionalAddressInfo,omitempty"`
}
