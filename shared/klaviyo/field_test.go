package klaviyo_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

func TestFieldJSON(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name    string
		profile klaviyo.Profile
		want    string
	}{
		{"nothing", klaviyo.Profile{}, `{}`},
		{"value", klaviyo.Profile{FirstName: klaviyo.Set("Ann")}, `{"first_name":"Ann"}`},
		{"empty value", klaviyo.Profile{FirstName: klaviyo.Set("")}, `{"first_name":""}`},
		{"null", klaviyo.Profile{FirstName: klaviyo.Null[string]()}, `{"first_name":null}`},
		{
			"all three",
			klaviyo.Profile{
				Email:    klaviyo.Set("a@example.com"),
				Title:    klaviyo.Null[string](),
				Location: &klaviyo.Location{City: klaviyo.Set("Berlin"), Zip: klaviyo.Null[string]()},
				Properties: map[string]json.RawMessage{
					"b": json.RawMessage(`0`), "a": json.RawMessage(`null`),
				},
			},
			`{"email":"a@example.com","title":null,"location":{"city":"Berlin","zip":null},"properties":{"a":null,"b":0}}`,
		},
		{"empty location", klaviyo.Profile{Location: &klaviyo.Location{}}, `{"location":{}}`},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			got, err := json.Marshal(tt.profile)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}

			var back klaviyo.Profile
			if err := json.Unmarshal(got, &back); err != nil {
				t.Fatal(err)
			}

			again, err := json.Marshal(back)
			if err != nil || string(again) != tt.want {
				t.Errorf("read back: %s, %v", again, err)
			}
		})
	}
}

func TestFieldStates(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name                 string
		field                klaviyo.Field[string]
		value                string
		ok, isNull, isAbsent bool
	}{
		{"absent", klaviyo.Field[string]{}, "", false, false, true},
		{"null", klaviyo.Null[string](), "", false, true, false},
		{"value", klaviyo.Set("x"), "x", true, false, false},
		{"empty value", klaviyo.Set(""), "", true, false, false},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			value, ok := tt.field.Get()
			if value != tt.value || ok != tt.ok || tt.field.IsNull() != tt.isNull || tt.field.IsZero() != tt.isAbsent {
				t.Errorf("Get = %q, %t; IsNull = %t; IsZero = %t", value, ok, tt.field.IsNull(), tt.field.IsZero())
			}
		})
	}
}
