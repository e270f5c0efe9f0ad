package mapping_test

import (
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// Whatever somebody has entered for a phone number, it is left out or in E.164 form, and then it is the number that it was,
// wherever it is read again.
func FuzzPhone(f *testing.F) {
	for _, number := range []string{
		"", "030 901820", "+4915123456789", "00 44 20 7946 0958", "tel:+1-800-FLOWERS;ext=9", "+", "++49", "+999123", "(0)30/90 18 20",
		"٠٣٠٩٠١٨٢٠", "+800 1234 5678", "112", "020 7946 0958 x12", "\u202a+49 30 901820\u202c",
	} {
		for _, country := range []string{"", "DE", "US", "GB", "IT", "XX", "de"} {
			f.Add(number, country)
		}
	}

	f.Fuzz(func(t *testing.T, number, country string) {
		phone, ok := phoneOf(t, commercetools.Address{Phone: number, Country: country})
		if !ok {
			return
		}

		if !e164.MatchString(phone) {
			t.Errorf("%q of %q became %q", number, country, phone)
		}

		for _, elsewhere := range []string{country, "", "US", "DE"} {
			if again, _ := phoneOf(t, commercetools.Address{Mobile: phone, Country: elsewhere}); again != phone {
				t.Errorf("%q of %q became %q, and that in %q %q", number, country, phone, elsewhere, again)
			}
		}
	})
}

func phoneOf(t *testing.T, a commercetools.Address) (string, bool) {
	t.Helper()

	p, err := mapping.Profile(commercetools.Customer{
		ID: "c1", Email: "a@example.org", Addresses: []commercetools.Address{a},
	}, mapping.Filter{})
	if err != nil {
		t.Fatal(err)
	}

	return p.PhoneNumber.Get()
}
