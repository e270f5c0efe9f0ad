package mapping

import (
	"github.com/nyaruka/phonenumbers"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// phoneNumber brings an address's mobile number, else its phone number, to E.164 ("+4915112345678"); "" when neither is
// a valid number. A number without a country code is read as one of the address's country. Klaviyo refuses the whole
// profile for a number that it can't read, so a doubtful one is not worth sending. Nor is one of more than the 15 digits of
// E.164, of which Germany has some.
func phoneNumber(a commercetools.Address) string {
	for _, text := range []string{a.Mobile, a.Phone} {
		n, err := phonenumbers.Parse(text, a.Country)
		if err != nil || !phonenumbers.IsValidNumber(n) {
			continue
		}

		if number := phonenumbers.Format(n, phonenumbers.E164); len(number) <= len("+123456789012345") {
			return number
		}
	}

	return ""
}
