package customerevents

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/functiontest"
)

func TestMessages(t *testing.T) {
	t.Parallel()

	// What the message carries differs from what the customer is by now.
	carried := object{"customer": customer(t, object{"lastName": "Then"})}
	notIncluded := functiontest.TooLarge(t, "customer", id, "CustomerCreated")
	then, now := ann(object{"last_name": "Then"}), ann(nil)

	const disabled = "switched off by disabledEvents"

	tests := []struct {
		name    string
		config  string
		payload string
		want    object // the profile, nil for none
		reason  string
	}{
		{name: "created", payload: message(t, "CustomerCreated", carried), want: then},
		{name: "created, not included", payload: notIncluded, want: now},
		{name: "created, without the customer", payload: message(t, "CustomerCreated", nil), want: now},
		{name: "company name set", payload: message(t, "CustomerCompanyNameSet", object{"companyName": "Acme"}), want: now},
		{name: "address added", payload: message(t, "CustomerAddressAdded", nil), want: now},
		{name: "address removed", payload: message(t, "CustomerAddressRemoved", nil), want: now},
		{name: "address changed, not included", want: now, payload: functiontest.TooLarge(t, "customer", id, "CustomerAddressChanged")},
		{name: "updated", payload: change(t, "ResourceUpdated"), want: now},
		{name: "created, as a change", payload: change(t, "ResourceCreated"), want: now},
		{
			name: "a message of the config file", payload: message(t, "CustomerEmailChanged", nil), want: now,
			config: `{"customer":{"messages":{"addressChanged":["CustomerEmailChanged"]}}}`,
		},
		{
			name: "custom fields of the config file", payload: message(t, "CustomerCreated", object{
				"customer": customer(t, object{"custom": object{"fields": object{"tier": "gold", "secret": "x"}}}),
			}), want: ann(object{"properties": object{"Tier": "gold"}}),
			config: `{"customer":{"customFields":{"properties":{"exclude":["secret"],"map":{"tier":"Tier"}}}}}`,
		},

		{name: "deleted", payload: change(t, "ResourceDeleted"), reason: "deleted without data erasure"},
		{name: "erased, which is not enabled", payload: erased(t), reason: "customer.dataErasure is not enabled"},
		{name: "created, and erasure is enabled", payload: message(t, "CustomerCreated", carried), want: now, config: erasure},
		{name: "another message", payload: message(t, "CustomerPasswordUpdated", nil), reason: "no message that changes a profile"},
		{name: "another resource", payload: functiontest.Change(t, "order", id, "ResourceUpdated"), reason: "not about a customer"},
		{name: "test notification", payload: functiontest.Change(t, "subscription", id, "ResourceCreated"), reason: "the subscription's test notification"},
		{name: "without email", payload: message(t, "CustomerCreated", object{"customer": customer(t, object{"email": ""})}), reason: "email is missing"},
		{name: "created disabled", payload: message(t, "CustomerCreated", carried), config: `{"disabledEvents":["CustomerCreated"]}`, reason: disabled},
		{
			name: "created disabled, not included", payload: notIncluded,
			config: `{"disabledEvents":["CustomerCreated"]}`, reason: disabled,
		},
		{
			name: "company name disabled", payload: message(t, "CustomerCompanyNameSet", nil),
			config: `{"disabledEvents":["CustomerCompanyNameSet"]}`, reason: disabled,
		},
		{
			name: "updated disabled", payload: change(t, "ResourceUpdated"),
			config: `{"disabledEvents":["CustomerResourceUpdated"]}`, reason: disabled,
		},
		{
			name: "address messages switched off", payload: message(t, "CustomerAddressChanged", nil),
			config: `{"customer":{"messages":{"addressChanged":[]}}}`, reason: "no message that changes a profile",
		},
	}
	for _, tt := range tests {
		for format, payload := range functiontest.Formats(t, tt.payload) {
			t.Run(tt.name+", "+format, func(t *testing.T) {
				t.Parallel()

				s := open(t, functiontest.Options{Config: tt.config, Checked: format == "Platform"})
				s.Commercetools.Put("customers", customer(t, nil))

				s.expectOutcome(t, payload, tt.want, tt.reason)
			})
		}
	}
}

// expectOutcome delivers a payload, and looks at the profile (nil for none) and the reason in the log.
func (s shop) expectOutcome(t *testing.T, payload string, profile object, reason string) {
	t.Helper()
	s.Acknowledged(t, payload)

	var want []object
	if profile != nil {
		want = []object{profile}
	}

	if diff := cmp.Diff(want, s.profiles()); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}

	if got, _ := s.LastLine(t)["reason"].(string); got != reason {
		t.Errorf("reason %q, want %q", got, reason)
	}
}

// A customer that is gone leaves nothing to do, unless the message carries it.
func TestCustomerIsGone(t *testing.T) {
	t.Parallel()

	for name, payload := range map[string]string{
		"updated":               change(t, "ResourceUpdated"),
		"company name set":      message(t, "CustomerCompanyNameSet", nil),
		"address changed":       message(t, "CustomerAddressChanged", nil),
		"created, not included": message(t, "CustomerCreated", nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{})
			s.Done(t, payload)

			if n := len(s.profiles()); n != 0 {
				t.Errorf("%d profiles, want none", n)
			}

			if line := s.LastLine(t); line["reason"] != "gone from commercetools" || line["level"] != "INFO" {
				t.Errorf("logged %v", line)
			}
		})
	}
}

// An update leaves in Klaviyo what commercetools doesn't know, and clears the old address.
func TestUpdateKeepsAndClears(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{})
	s.Commercetools.Put("customers", customer(t, object{
		"custom":    object{"fields": object{"tier": "gold"}},
		"addresses": []object{{"id": "a1", "country": "DE", "city": "Berlin", "streetName": "Hauptstr.", "postalCode": "10115"}},
	}))
	s.Acknowledged(t, change(t, "ResourceUpdated"))

	s.Commercetools.Put("customers", customer(t, object{
		"firstName": "", "lastName": "Albers", "addresses": []object{{"id": "a2", "country": "CH", "city": "Zürich"}},
	}))
	s.Acknowledged(t, change(t, "ResourceUpdated"))

	want := []object{ann(object{
		"phone_number": nil, "last_name": "Albers", "location": object{"country": "CH", "city": "Zürich"}, "properties": object{"tier": "gold"},
	})}
	if diff := cmp.Diff(want, s.profiles()); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}
