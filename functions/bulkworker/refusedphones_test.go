package bulkworker_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// expectPhones compares the phone numbers of customers 1, 2, … in Klaviyo; "" for none.
func (s *shop) expectPhones(t *testing.T, phones ...string) {
	t.Helper()

	want, got := map[string]any{}, map[string]any{}

	for i, phone := range phones {
		want[fmt.Sprintf("%s c%d@kunden.example.de", idOf(i+1), i+1)] = phone
	}

	for _, p := range s.kl.Profiles() {
		phone, _ := p.Attributes["phone_number"].(string)
		got[fmt.Sprint(p.Attributes["external_id"], " ", p.Attributes["email"])] = phone
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("phone numbers (-want +got):\n%s", diff)
	}
}

// A phone number that Klaviyo does not take must not cost a customer.
func TestRefusedPhones(t *testing.T) {
	t.Parallel()

	s := open(t, healthy)
	s.ct.Put("customers", customer(1, klaviyotest.RefusedPhone), customer(2, "+4930123456"))
	want(t, s.run(t, bulk.Options{}), bulk.Counts{Read: 2, Sent: 2})
	s.expectPhones(t, "", "+4930123456")
}

// Nor when the email is another's, so that the number comes in two of the ways to send the customer.
func TestRefusedPhoneAndTakenEmail(t *testing.T) {
	t.Parallel()

	s := open(t, healthy)
	for _, p := range []klaviyo.Profile{
		{ExternalID: klaviyo.Set(idOf(1)), Email: klaviyo.Set("c2@kunden.example.de")},
		{ExternalID: klaviyo.Set(idOf(2)), Email: klaviyo.Set("c1@kunden.example.de")},
	} {
		if _, err := s.klaviyo.CreateProfile(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}

	s.ct.Put("customers", customer(1, klaviyotest.RefusedPhone))
	want(t, s.run(t, bulk.Options{}), bulk.Counts{Read: 1, Sent: 1})

	for _, p := range s.kl.Profiles() {
		if ours := p.Attributes["external_id"] == idOf(1); (p.Imports == 2) != ours || p.Attributes["phone_number"] != nil {
			t.Errorf("profile = %+v, want the customer's to be written, and no number", p)
		}
	}
}

// Nor when only the job refuses it, which the fake never does.
func TestPhonesRefusedByJob(t *testing.T) {
	t.Parallel()

	const job = `{"data":{"type":"profile-bulk-import-job","id":"refusing","attributes":{"status":"complete","created_at":"2026-01-01T00:00:00Z",
		"total_count":2,"completed_count":0,"failed_count":2},"links":{"self":"https://a.klaviyo.com/j"}},"links":{"self":"https://a.klaviyo.com/j"}}`

	refusal := func(number int) string {
		return fmt.Sprintf(`{"type":"import-error","id":"%d","attributes":{"code":"invalid","title":"Invalid input.","detail":"No.",
			"source":{"pointer":"/data/attributes/phone_number"},"original_payload":{"external_id":%q}},"links":{"self":"https://a.klaviyo.com/e"}}`,
			number, idOf(number))
	}
	errs := `{"data":[` + refusal(1) + `,` + refusal(2) + `],"links":{"self":"https://a.klaviyo.com/e"}}`
	start := functiontest.First("POST /api/profile-bulk-import-jobs", faulttest.Fault{Status: 202, ContentType: "application/vnd.api+json", Body: job})

	s := open(t, func(r *http.Request) faulttest.Fault {
		switch {
		case strings.HasSuffix(r.URL.Path, "/refusing"):
			return faulttest.Fault{Status: 200, ContentType: "application/vnd.api+json", Body: job}
		case strings.HasSuffix(r.URL.Path, "/refusing/import-errors"):
			return faulttest.Fault{Status: 200, ContentType: "application/vnd.api+json", Body: errs}
		default:
			return start(r)
		}
	})
	s.ct.Put("customers", customer(1, "+4930123456"), customer(2, "+4930123457"))
	want(t, s.run(t, bulk.Options{}), bulk.Counts{Read: 2, Sent: 2})
	s.expectPhones(t, "", "")
}
