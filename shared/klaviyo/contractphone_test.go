package klaviyo_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// numbered is a profile with everything, but without a phone number.
func numbered(i int) klaviyo.Profile {
	p := fullProfile().WithoutPhone()
	p.ExternalID, p.Email = klaviyo.Set(fmt.Sprint(i)), klaviyo.Set(fmt.Sprint(i, "@example.com"))

	return p
}

// Rows that are refused for their phone numbers go without, in the same job as the others, and lose nothing else.
func TestContractImportWithoutPhones(t *testing.T) {
	t.Parallel()

	var sent, want klaviyo.ProfileBatch

	for i, phone := range []struct{ sent, kept string }{
		{sent: klaviyotest.RefusedPhone},
		{"+4915112345671", "+4915112345671"},
		{"+4915112345672", "+4915112345672"},
		{sent: "+2"},
		{sent: "+3"},
		{"+4915112345675", "+4915112345675"},
	} {
		p := numbered(i)
		p.PhoneNumber = klaviyo.Set(phone.sent)
		addRow(t, &sent, i, p)

		p = p.WithoutPhone()
		if phone.kept != "" {
			p.PhoneNumber = klaviyo.Set(phone.kept)
		}

		addRow(t, &want, i, p)
	}

	malformed := numbered(6)
	malformed.PhoneNumber, malformed.Email = klaviyo.Set("+4"), klaviyo.Set("nobody")
	addRow(t, &sent, 6, malformed)

	c, fake := checked(t, klaviyotest.Options{})

	id, refused, err := c.ImportProfiles(t.Context(), &sent)
	if err != nil {
		t.Fatal(err)
	}

	wrong := []klaviyo.Refused{{Ref: "row 6", Code: "invalid", Title: "Invalid input.", Pointer: "/attributes/email"}}
	if diff := cmp.Diff(wrong, refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}

	job, err := c.ImportJob(t.Context(), id)
	if diff := cmp.Diff(klaviyo.Job{Status: "complete", Total: 6, Completed: 6}, job); diff != "" || err != nil {
		t.Errorf("job (-want +got):\n%s%v", diff, err)
	}

	c, wanted := checked(t, klaviyotest.Options{})
	importAll(t, c, &want)

	if diff := cmp.Diff(wanted.State(), fake.State()); diff != "" {
		t.Errorf("the account (-want +got):\n%s", diff)
	}
}

// A Klaviyo that refuses a phone number that is not there is not asked for ever.
func TestImportWithoutPhonesEnds(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		profile  klaviyo.Profile
		requests int64
	}{
		"it was there":        {fullProfile(), 2},
		"it was not there":    {numbered(0), 1},
		"it was all there is": {klaviyo.Profile{PhoneNumber: klaviyo.Set("+4915112345678")}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := client(inMemory(func(w http.ResponseWriter, _ *http.Request) {
				answer(w, http.StatusBadRequest, `{"errors":[{"code":"invalid","source":{"pointer":"/data/attributes/profiles/data/0/attributes/phone_number"}}]}`)
			}))

			var b klaviyo.ProfileBatch
			addRow(t, &b, 0, tt.profile)

			job, refused, err := c.ImportProfiles(t.Context(), &b)
			if want := []klaviyo.Refused{{Ref: "row 0", Code: "invalid", Pointer: "/attributes/phone_number"}}; err != nil || job != "" || !cmp.Equal(want, refused) {
				t.Errorf("job %q, refused %v, error %v", job, refused, err)
			}

			if c.Requests() != tt.requests {
				t.Errorf("%d requests, want %d", c.Requests(), tt.requests)
			}
		})
	}
}
