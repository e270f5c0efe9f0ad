package commercetoolstest_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

func TestCustomersAreDeterministic(t *testing.T) {
	t.Parallel()

	some := commercetoolstest.Customers(3, 100)
	if diff := cmp.Diff(some, commercetoolstest.Customers(3, 200)[:100]); diff != "" {
		t.Error("fewer customers are not the first of more")
	}

	if string(some[0]) == string(commercetoolstest.Customers(4, 1)[0]) {
		t.Error("another seed gives the same customer")
	}
}

func TestCustomersAreRegular(t *testing.T) {
	t.Parallel()

	const n = 4000

	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	spread := map[string]int{}

	for _, raw := range commercetoolstest.Customers(1, n) {
		c, err := commercetools.Decode[struct {
			commercetools.Customer

			LowercaseEmail string    `json:"lowercaseEmail"`
			CreatedAt      time.Time `json:"createdAt"`
			LastModifiedAt time.Time `json:"lastModifiedAt"`
		}](raw)
		if err != nil {
			t.Fatal(err)
		}

		_, domain, _ := strings.Cut(c.LowercaseEmail, "@")

		switch {
		case !uuid.MatchString(c.ID):
			t.Errorf("id %s", c.ID)
		case seen[c.ID] || seen[c.LowercaseEmail]:
			t.Errorf("%s is not unique", c.ID)
		case !strings.EqualFold(c.Email, c.LowercaseEmail):
			t.Errorf("%s has two emails", c.ID)
		case strings.HasPrefix(domain, "example.") || !strings.Contains(domain, ".example."):
			t.Errorf("%s has a mailbox at %s", c.ID, domain)
		case c.LastModifiedAt.Before(c.CreatedAt):
			t.Errorf("%s was changed before it was made", c.ID)
		}

		seen[c.ID], seen[c.LowercaseEmail] = true, true
		spread[c.ID[:1]]++
	}

	for digit, count := range spread {
		if count < n/16*3/4 || count > n/16*5/4 {
			t.Errorf("%d of %d ids begin with %s", count, n, digit)
		}
	}
}

// Any 100 customers hold every oddity that a test of an import may count on.
func TestCustomersAreOdd(t *testing.T) {
	t.Parallel()

	for seed := range uint64(3) {
		var customers []commercetools.Customer

		for _, raw := range commercetoolstest.Customers(seed, 200)[100:] {
			c, err := commercetools.Decode[commercetools.Customer](raw)
			if err != nil {
				t.Fatal(err)
			}

			customers = append(customers, c)
		}

		for name, is := range oddities() {
			if !slices.ContainsFunc(customers, is) {
				t.Errorf("seed %d: no customer with %s", seed, name)
			}
		}
	}
}

func oddities() map[string]func(commercetools.Customer) bool {
	type (
		customer = commercetools.Customer
		address  = commercetools.Address
	)

	home := func(is func(address) bool) func(customer) bool {
		return func(c customer) bool { return slices.ContainsFunc(c.Addresses, is) }
	}
	field := func(begins string) func(customer) bool {
		return func(c customer) bool {
			return c.Custom != nil && slices.ContainsFunc(slices.Collect(maps.Values(c.Custom.Fields)),
				func(f json.RawMessage) bool { return strings.ContainsAny(string(f[:1]), begins) })
		}
	}

	return map[string]func(customer) bool{
		"no address":    func(c customer) bool { return len(c.Addresses) == 0 },
		"two addresses": func(c customer) bool { return len(c.Addresses) > 1 },
		"a billing address that is none": func(c customer) bool {
			return c.DefaultBillingAddressID != "" &&
				!slices.ContainsFunc(c.Addresses, func(a address) bool { return a.ID == c.DefaultBillingAddressID })
		},
		"no name":            func(c customer) bool { return c.FirstName == "" && c.LastName == "" },
		"a company":          func(c customer) bool { return c.CompanyName != "" },
		"capitals":           func(c customer) bool { return c.Email == strings.ToUpper(c.Email) },
		"no locale":          func(c customer) bool { return c.Locale == "" },
		"an umlaut":          func(c customer) bool { return strings.ContainsAny(c.FirstName+c.LastName, "üöäß") },
		"CJK":                func(c customer) bool { return c.FirstName != "" && c.FirstName[0] >= 0xe4 },
		"no custom fields":   func(c customer) bool { return c.Custom == nil },
		"a boolean":          field("tf"),
		"a number":           field("0123456789"),
		"money or reference": field("{"),
		"an array":           field("["),
		"no phone":           home(func(a address) bool { return a.Phone+a.Mobile == "" }),
		"a national number":  home(func(a address) bool { return callable(a) && !strings.HasPrefix(a.Phone+a.Mobile, "+") }),
		"a number of no use": home(func(a address) bool { return a.Phone != "" && !callable(a) }),
	}
}

// The numbers that are meant to be good are good.
func TestMobileNumbers(t *testing.T) {
	t.Parallel()

	for _, raw := range commercetoolstest.Customers(1, 500) {
		c, err := commercetools.Decode[commercetools.Customer](raw)
		if err != nil {
			t.Fatal(err)
		}

		for _, a := range c.Addresses {
			if a.Mobile != "" && !callable(a) {
				t.Errorf("%s is no number in %s", a.Mobile, a.Country)
			}
		}
	}
}

func callable(a commercetools.Address) bool {
	number, err := phonenumbers.Parse(a.Mobile+a.Phone, a.Country)

	return err == nil && phonenumbers.IsValidNumber(number)
}
