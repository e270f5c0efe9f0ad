package commercetools

import "encoding/json"

// Customer holds what the mapping reads of a customer.
// Source: https://docs.commercetools.com/api/projects/customers#customer.
type Customer struct {
	Revision

	ID                      string    `json:"id"`
	Email                   string    `json:"email"`
	FirstName               string    `json:"firstName"`
	LastName                string    `json:"lastName"`
	Title                   string    `json:"title"`
	CompanyName             string    `json:"companyName"`
	Locale                  string    `json:"locale"`
	Addresses               []Address `json:"addresses"`
	DefaultBillingAddressID string    `json:"defaultBillingAddressId"`
	BillingAddressIDs       []string  `json:"billingAddressIds"`
	Custom                  *Custom   `json:"custom"`
}

// Address is a postal address of a customer or an order.
type Address struct {
	ID                    string `json:"id"`
	FirstName             string `json:"firstName"`
	LastName              string `json:"lastName"`
	StreetName            string `json:"streetName"`
	StreetNumber          string `json:"streetNumber"`
	AdditionalStreetInfo  string `json:"additionalStreetInfo"`
	AdditionalAddressInfo string `json:"additionalAddressInfo"`
	PostalCode            string `json:"postalCode"`
	City                  string `json:"city"`
	Region                string `json:"region"`
	// Country is an ISO 3166-1 alpha-2 code.
	Country   string `json:"country"`
	Building  string `json:"building"`
	Apartment string `json:"apartment"`
	Phone     string `json:"phone"`
	Mobile    string `json:"mobile"`
}

// Custom holds the custom fields of a resource, as commercetools sent them.
type Custom struct {
	Fields map[string]json.RawMessage `json:"fields"`
}
