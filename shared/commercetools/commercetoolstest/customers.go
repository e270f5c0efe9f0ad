package commercetoolstest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
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

// customerLife draws first what says when.
func (s *Shop) customerLife(n int) life { return s.draw(aCustomer, n).life(year(2019), year(2026)) }

// customerHome is the country that a customer is of.
func (s *Shop) customerHome(n int) country {
	return s.countries[chosen(s.id(aCustomer, n), len(s.countries))]
}

// customer generates one customer.
func (s *Shop) customer(i int) customer {
	g := s.draw(aCustomer, i)
	lived := g.life(year(2019), year(2026))
	home := s.customerHome(i)
	first, last := pick(g, home.first), pick(g, home.last)
	email := fmt.Sprintf("%s.%s.%d@%s", letters(first, "kunde"), letters(last, "x"), i, home.domain)

	c := customer{
		base:               newBase(s.id(aCustomer, i), lived),
		Email:              email,
		LowercaseEmail:     email,
		FirstName:          first,
		LastName:           last,
		Password:           "****aGg=",
		Addresses:          []address{},
		ShippingAddressIDs: []string{},
		BillingAddressIDs:  []string{},
		IsEmailVerified:    g.IntN(3) > 0,
		Stores:             []string{},
		AuthenticationMode: "Password",
	}

	if g.IntN(4) > 0 {
		c.Locale = pick(g, home.locales)
	}

	if g.IntN(2) == 0 {
		c.CustomerNumber = strconv.Itoa(100_000 + i)
	}

	if g.IntN(3) == 0 {
		c.DateOfBirth = lived.created.AddDate(-18-g.IntN(60), 0, 0).Format(time.DateOnly)
	}

	for a := range g.IntN(3) + 1 {
		c.add(g.address(3*i+a, home, c), a)
	}

	c.Custom = g.custom(home, s.ref("store", aStore, i%len(stores())))
	g.spoil(&c, i)

	return c
}

// add keeps the lists of address ids as commercetools does: a default is always in its list too.
func (c *customer) add(a address, n int) {
	c.Addresses = append(c.Addresses, a)
	c.ShippingAddressIDs = append(c.ShippingAddressIDs, a.ID)

	if n == 0 {
		c.DefaultShippingAddressID = a.ID

		return
	}

	c.BillingAddressIDs = append(c.BillingAddressIDs, a.ID)

	if n == 1 {
		c.DefaultBillingAddressID = a.ID
	}
}

func (g generator) address(i int, home country, c customer) address {
	place := pick(g, home.places)
	a := address{
		ID:           g.key(),
		FirstName:    c.FirstName,
		LastName:     c.LastName,
		StreetName:   pick(g, home.streets),
		StreetNumber: strconv.Itoa(1 + g.IntN(180)),
		PostalCode:   place.postalCode,
		City:         place.city,
		Region:       place.region,
		Country:      home.code,
	}

	switch g.IntN(5) {
	case 0: // no phone
	case 1:
		a.Phone = home.phone(i)
	default:
		a.Mobile = home.phone(i)
	}

	switch g.IntN(8) {
	case 0:
		a.AdditionalStreetInfo = "Hinterhaus, 2. OG"
	case 1:
		a.AdditionalAddressInfo = `Deliver to "Meier" \ back door`
	case 2:
		a.Building, a.Apartment = "B", "4a"
	}

	return a
}

// custom gives some customers custom fields of each kind that commercetools has.
func (g generator) custom(home country, store reference) any {
	kinds := g.IntN(4)
	if kinds == 0 {
		return nil
	}

	points := g.IntN(5000)
	values := map[string]any{"loyaltyPoints": points, "loyaltyTier": []string{"silver", "gold", "platinum"}[points%3], "newsletter": points%2 == 0}

	if kinds > 1 {
		values["lifetimeValue"] = cents(home.currency, g.Int64N(900_000))
		values["favouriteColours"] = []string{"blue", "grün"}
	}

	if kinds > 2 {
		values["greeting"] = map[string]string{"de": "Grüß Gott", "en": "Hello"}
		values["discountRate"] = 0.125
		values["preferredStore"] = store
	}

	return map[string]any{
		"type":   map[string]string{"typeId": "type", "id": "11c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e"},
		"fields": values,
	}
}

// key is an address id.
func (g generator) key() string {
	const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

	key := make([]byte, 8)
	for i := range key {
		key[i] = characters[g.IntN(len(characters))]
	}

	return string(key)
}

// letters keeps what an email address can hold of a name: "Zoë" is "zoe".
func letters(name, without string) string {
	kept := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) {
			return -1
		}

		return unicode.ToLower(r)
	}, norm.NFD.String(name))
	if kept == "" {
		return without
	}

	return kept
}
