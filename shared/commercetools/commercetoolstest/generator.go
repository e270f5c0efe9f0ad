package commercetoolstest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// generator draws from one source, so that the order of its calls is part of the result.
type generator struct {
	*rand.Rand

	countries []country
}

func (g generator) customer(i int) customer {
	home := pick(g, g.countries)
	first, last := pick(g, home.first), pick(g, home.last)
	created := time.UnixMilli(1_546_300_800_000 + g.Int64N(220_000_000_000)) // 2019 to 2025
	version := 1 + g.IntN(40)
	email := fmt.Sprintf("%s.%s.%d@%s", letters(first, "kunde"), letters(last, "x"), i, home.domain)

	c := customer{
		ID:                  g.uuid(),
		Version:             version,
		LastMessageSequence: version,
		CreatedAt:           instant(created),
		LastModifiedAt:      instant(created.Add(time.Duration(version-1) * time.Duration(g.Int64N(int64(5*24*time.Hour))))),
		Email:               email,
		LowercaseEmail:      email,
		FirstName:           first,
		LastName:            last,
		Password:            "****aGg=",
		Addresses:           []address{},
		ShippingAddressIDs:  []string{},
		BillingAddressIDs:   []string{},
		IsEmailVerified:     g.IntN(3) > 0,
		Stores:              []string{},
		AuthenticationMode:  "Password",
	}

	if g.IntN(4) > 0 {
		c.Locale = pick(g, home.locales)
	}

	if g.IntN(2) == 0 {
		c.CustomerNumber = strconv.Itoa(100_000 + i)
	}

	if g.IntN(3) == 0 {
		c.DateOfBirth = created.AddDate(-18-g.IntN(60), 0, 0).Format(time.DateOnly)
	}

	for a := range g.IntN(3) + 1 {
		c.add(g.address(3*i+a, home, c), a)
	}

	c.Custom = g.custom(home)
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
func (g generator) custom(home country) any {
	kinds := g.IntN(4)
	if kinds == 0 {
		return nil
	}

	points := g.IntN(5000)
	values := map[string]any{"loyaltyPoints": points, "loyaltyTier": []string{"silver", "gold", "platinum"}[points%3], "newsletter": points%2 == 0}

	if kinds > 1 {
		values["lifetimeValue"] = map[string]any{
			"type": "centPrecision", "currencyCode": home.currency, "centAmount": g.IntN(900_000), "fractionDigits": 2,
		}
		values["favouriteColours"] = []string{"blue", "grün"}
	}

	if kinds > 2 {
		values["greeting"] = map[string]string{"de": "Grüß Gott", "en": "Hello"}
		values["discountRate"] = 0.125
		values["preferredStore"] = map[string]string{"typeId": "store", "id": g.uuid()}
	}

	return map[string]any{
		"type":   map[string]string{"typeId": "type", "id": "11c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e"},
		"fields": values,
	}
}

// uuid is a random UUID of version 4, from the seed.
func (g generator) uuid() string {
	high, low := g.Uint64(), g.Uint64()

	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x",
		high>>32, high>>16&0xffff, high&0xfff, 0x8000|low>>48&0x3fff, low&0xffff_ffff_ffff)
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

func pick[T any](g generator, from []T) T { return from[g.IntN(len(from))] }

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
