package mapping_test

import (
	"errors"
	"regexp"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// e164 is the form that Klaviyo takes.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

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
	const all = `{}`

	f.Add([]byte(`{"id":"c1","email":"a@example.org","addresses":[{"country":"DE","phone":"030 901820"}]}`), []byte(all))
	f.Add([]byte(`{"email":"a@example.org","defaultBillingAddressId":"x","billingAddressIds":[""],"addresses":[{"mobile":"+"}]}`), []byte(all))
	f.Add([]byte(`{"id":"c1","email":"a@example.org","custom":{"fields":{"a":null,"b":0}}}`), []byte(`{"include":["a","b"],"map":{"b":""}}`))
	f.Add([]byte(`{"id":"c1","email":"a@example.org","custom":{"fields":{"a":1,"b":[{"c":{}}],"":"\ud800"}}}`), []byte(`{"exclude":[""],"map":{"b":"a"}}`))
	f.Add([]byte(`{"id":"c1","email":"a@example.org","addresses":[{"country":"US","phone":"tel:+1-800-FLOWERS;ext=9"}]}`), []byte(all))

	f.Fuzz(func(t *testing.T, data, chosen []byte) {
		customer, filter := given[commercetools.Customer](t, data), given[mapping.Filter](t, chosen)

		profile, err := mapping.Profile(customer, filter)
		if _, ok := errors.AsType[*mapping.MissingError](err); ok {
			return
		}

		if err != nil {
			t.Fatalf("got error %v, want a MissingError", err)
		}

		if phone, ok := profile.PhoneNumber.Get(); ok && !e164.MatchString(phone) {
			t.Errorf("phone number %q is not in E.164 form", phone)
		}

		kl := account(t)

		_, err = kl.UpsertProfile(t.Context(), profile)
		expectTaken(t, "the profile", err)

		var batch klaviyo.ProfileBatch
		if err := batch.Add(customer.ID, profile); err != nil {
			t.Fatal(err)
		}

		_, refused, err := kl.ImportProfiles(t.Context(), &batch)
		expectTaken(t, "the row", err, refused...)
	})
}
