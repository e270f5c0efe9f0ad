package mapping_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/mapping"
)

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)

// Each case of testdata/profile holds customer.json, perhaps filter.json, and what must come out: profile.json or error.
func TestProfile(t *testing.T) {
	t.Parallel()

	golden(t, "testdata/profile", func(t *testing.T, in input) (string, any) {
		t.Helper()

		var (
			customer commercetools.Customer
			filter   mapping.Filter
		)

		in.decode(t, "customer.json", &customer)

		if in.has("filter.json") {
			in.decode(t, "filter.json", &filter)
		}

		profile, err := mapping.Profile(customer, filter)
		if err != nil {
			return "error", err.Error()
		}

		return "profile.json", profile
	})
}

func TestProfileNamesTheMissingField(t *testing.T) {
	t.Parallel()

	_, err := mapping.Profile(commercetools.Customer{ID: "c1"}, mapping.Filter{})

	var missing *mapping.MissingError
	if !errors.As(err, &missing) || missing.Field != "email" {
		t.Errorf("got error %v, want a MissingError for email", err)
	}
}

func FuzzProfile(f *testing.F) {
	f.Add([]byte(`{"id":"c1","email":"a@example.org","addresses":[{"country":"DE","phone":"030 901820"}]}`))
	f.Add([]byte(`{"email":"a@example.org","defaultBillingAddressId":"x","billingAddressIds":[""],"addresses":[{"mobile":"+"}]}`))
	f.Add([]byte(`{"email":"a@example.org","custom":{"fields":{"a":null,"b":0}}}`))
	f.Add([]byte(`{"email":"a@example.org","addresses":[{"country":"US","phone":"tel:+1-800-FLOWERS;ext=9"}]}`))

	f.Fuzz(func(t *testing.T, data []byte) {
		var customer commercetools.Customer
		if json.Unmarshal(data, &customer) != nil {
			t.Skip("no customer")
		}

		profile, err := mapping.Profile(customer, mapping.Filter{})

		var missing *mapping.MissingError
		if err != nil && !errors.As(err, &missing) {
			t.Fatalf("got error %v, want a MissingError", err)
		}

		if phone, ok := profile.PhoneNumber.Get(); ok && !e164.MatchString(phone) {
			t.Errorf("phone number %q is not in E.164 form", phone)
		}

		if _, err := json.Marshal(profile); err != nil {
			t.Errorf("the profile can't be encoded: %v", err)
		}
	})
}
