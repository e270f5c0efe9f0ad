package bulkworker_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// customer is one of commercetools'; number makes its id and email.
func customer(number int, phone string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"id":%q,"version":1,"createdAt":"2024-01-01T00:00:00Z","lastModifiedAt":"2024-01-01T00:00:00Z",
		"email":"c%d@kunden.example.de","addresses":[{"id":"a","country":"DE","phone":%q}]}`, idOf(number), number, phone))
}

// idOf spreads the ids over the shards as commercetools' do.
func idOf(number int) string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012d", uint32(number*0x9e3779b1), number)
}

// numbers is every phone number that Klaviyo has.
func (s *shop) numbers() (numbers []any) {
	for _, p := range s.kl.Profiles() {
		if n := p.Attributes["phone_number"]; n != nil {
			numbers = append(numbers, n)
		}
	}

	return numbers
}

func TestGeneratedShop(t *testing.T) {
	t.Parallel()

	s := open(t, healthy)
	s.ct.Put("customers", commercetoolstest.Customers(5, 1501)...)
	want(t, s.run(t, bulk.Options{}), bulk.Counts{Read: 1501, Sent: 1501})

	profiles := s.kl.Profiles()
	if len(profiles) != 1501 {
		t.Errorf("Klaviyo has %d profiles, want 1501", len(profiles))
	}

	for _, p := range profiles {
		if p.Imports != 1 {
			t.Errorf("profile %v was written %d times, want once", p.Attributes["external_id"], p.Imports)
		}
	}
}

// TestSharedPhones: a phone number that another profile owns already must not cost a customer.
func TestSharedPhones(t *testing.T) {
	t.Parallel()

	s := open(t, healthy)

	owner := klaviyo.Profile{Email: klaviyo.Set("owner@kunden.example.de"), PhoneNumber: klaviyo.Set("+4930123456")}
	if _, err := s.klaviyo.CreateProfile(t.Context(), owner); err != nil {
		t.Fatal(err)
	}

	for i := range 3 {
		s.ct.Put("customers", customer(i, "+49 30 123456"))
	}

	want(t, s.run(t, bulk.Options{}), bulk.Counts{Read: 3, Sent: 3})

	profiles := s.kl.Profiles()
	if len(profiles) != 4 || len(s.numbers()) != 1 || profiles[0].Attributes["email"] != "owner@kunden.example.de" {
		t.Errorf("profiles = %v, want the owner with the number and 3 customers without", profiles)
	}
}

// TestTakenEmail: the profile that holds the external id wins, and goes without the email of another.
func TestTakenEmail(t *testing.T) {
	t.Parallel()

	s := open(t, healthy)

	for _, p := range []klaviyo.Profile{
		{ExternalID: klaviyo.Set(idOf(1)), Email: klaviyo.Set("old@kunden.example.de")},
		{Email: klaviyo.Set("c1@kunden.example.de"), FirstName: klaviyo.Set("Newsletter")},
	} {
		if _, err := s.klaviyo.CreateProfile(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}

	s.ct.Put("customers", customer(1, "+49 30 123456"), customer(2, ""))
	want(t, s.run(t, bulk.Options{}), bulk.Counts{Read: 2, Sent: 2})

	got := map[any]string{}
	for _, p := range s.kl.Profiles() {
		got[p.Attributes["email"]] = fmt.Sprint(p.Attributes["external_id"], " ", p.Attributes["phone_number"], " ", p.Attributes["first_name"])
	}

	wanted := map[any]string{
		"old@kunden.example.de": idOf(1) + " +4930123456 <nil>",
		"c1@kunden.example.de":  "<nil> <nil> Newsletter",
		"c2@kunden.example.de":  idOf(2) + " <nil> <nil>",
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("profiles by email (-want +got):\n%s", diff)
	}
}

// TestOneEmail: customers of several stores may have one email. None is in the way of another.
func TestOneEmail(t *testing.T) {
	t.Parallel()

	s := open(t, healthy)
	s.ct.Put("customers", customer(1, ""), customer(4, ""))

	for i := 2; i < 4; i++ {
		s.ct.Put("customers", json.RawMessage(strings.Replace(string(customer(i, "")), fmt.Sprintf("c%d@", i), "C1@", 1)))
	}

	want(t, s.run(t, bulk.Options{}), bulk.Counts{Read: 4, Sent: 4})

	imports := map[any]int{}
	for _, p := range s.kl.Profiles() {
		imports[strings.ToLower(fmt.Sprint(p.Attributes["email"]))] = p.Imports
	}

	if diff := cmp.Diff(map[any]int{"c1@kunden.example.de": 3, "c4@kunden.example.de": 1}, imports); diff != "" {
		t.Errorf("imports by email (-want +got):\n%s", diff)
	}
}

// TestRefusedRows: a malformed email costs its own customer, and no other.
func TestRefusedRows(t *testing.T) {
	t.Parallel()

	s := open(t, healthy)
	s.ct.Put("customers", customer(1, ""), customer(2, ""), customer(3, ""),
		json.RawMessage(strings.Replace(string(customer(4, "")), "c4@kunden.example.de", "not an address", 1)),
		json.RawMessage(strings.Replace(string(customer(5, "")), `"c5@kunden.example.de"`, `""`, 1)),
		json.RawMessage(strings.Replace(string(customer(6, "")), `"c6@kunden.example.de"`, `7`, 1)))

	p := s.run(t, bulk.Options{})
	want(t, p, bulk.Counts{Read: 6, Sent: 3, Failed: 2, Skipped: 1}, idOf(4), "/attributes/email", idOf(6))

	if n := len(s.kl.Profiles()); n != 3 {
		t.Errorf("Klaviyo has %d profiles, want 3", n)
	}
}

// TestRefusedBatch: a refusal that points at no row costs the one that it is about, and no other.
func TestRefusedBatch(t *testing.T) {
	t.Parallel()

	s := open(t, func(r *http.Request) faulttest.Fault {
		if r.Method != http.MethodPost {
			return faulttest.Fault{}
		}

		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}

		r.Body = io.NopCloser(bytes.NewReader(body))
		if !strings.Contains(string(body), "c77@") {
			return faulttest.Fault{}
		}

		return faulttest.Fault{
			Status: 400, ContentType: "application/vnd.api+json",
			Body: `{"errors":[{"id":"1","code":"invalid","title":"Invalid input.","detail":"No."}]}`,
		}
	})

	for i := range 100 {
		s.ct.Put("customers", customer(i, ""))
	}

	want(t, s.run(t, bulk.Options{}), bulk.Counts{Read: 100, Sent: 99, Failed: 1}, idOf(77), "refused the request")
}

// TestLostJobs: what Klaviyo does not account for is a failure, never silence.
func TestLostJobs(t *testing.T) {
	t.Parallel()

	job := func(status, total string) faulttest.Fault {
		return faulttest.Fault{Status: 200, ContentType: "application/vnd.api+json", Body: `{"data":{"type":"profile-bulk-import-job","id":"j",
			"attributes":{"status":"` + status + `","created_at":"2026-01-01T00:00:00Z","total_count":` + total + `,"completed_count":0},
			"links":{"self":"https://a.klaviyo.com/j"}},"links":{"self":"https://a.klaviyo.com/j"}}`}
	}

	for name, c := range map[string]struct {
		state  faulttest.Fault
		counts bulk.Counts
		reason string
	}{
		"cancelled": {job("cancelled", "2"), bulk.Counts{Read: 2, Failed: 2}, "does not account for 2 of its 2 profiles"},
		"forgotten": {
			faulttest.Fault{Status: 404, ContentType: "application/vnd.api+json", Body: `{"errors":[{"id":"1","code":"not_found","title":"Not found.","detail":"No."}]}`},
			bulk.Counts{Read: 2, Failed: 2},
			"forgotten the job",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, func(r *http.Request) faulttest.Fault {
				if r.Method == http.MethodGet {
					return c.state
				}

				return faulttest.Fault{}
			})
			s.ct.Put("customers", customer(1, ""), customer(2, ""))
			want(t, s.run(t, bulk.Options{}), c.counts, c.reason)
		})
	}
}

func TestIDsAndSince(t *testing.T) {
	t.Parallel()

	s := open(t, healthy)
	for i := range 400 {
		s.ct.Put("customers", customer(i, ""))
	}

	ids := []string{"00000000-0000-4000-8000-00000000dead"}
	for i := range 350 {
		ids = append(ids, idOf(i))
	}

	o := bulk.Options{IDs: ids}
	if err := o.Normalize(bulk.Customers); err != nil {
		t.Fatal(err)
	}

	want(t, s.run(t, o), bulk.Counts{Read: 351, Sent: 350, Failed: 1}, "no such customer")
	want(t, s.run(t, bulk.Options{Since: time.Date(2024, 1, 1, 0, 0, 1, 0, time.UTC)}), bulk.Counts{})
	want(t, s.run(t, bulk.Options{Since: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}), bulk.Counts{Read: 400, Sent: 400})
}

// TestFaults lets Klaviyo fail in every way that passes, every third time.
func TestFaults(t *testing.T) {
	t.Parallel()

	faults := []faulttest.Fault{
		{Status: 429, RetryAfter: "0"},
		{Status: 503},
		{Status: 403, ContentType: "text/html", Body: "<html>wait</html>"},
		{ResetBefore: true},
		{ResetAfter: true},
	}

	var requests atomic.Int64

	s := open(t, func(*http.Request) faulttest.Fault {
		if n := requests.Add(1); n%3 == 0 {
			return faults[int(n/3)%len(faults)]
		}

		return faulttest.Fault{}
	})
	s.ct.Put("customers", commercetoolstest.Customers(5, 1501)...)

	p := s.run(t, bulk.Options{})
	want(t, p, bulk.Counts{Read: 1501, Sent: 1501})

	if n := len(s.kl.Profiles()); n != 1501 {
		t.Errorf("Klaviyo has %d profiles, want 1501", n)
	}
}

// TestWrongKey ends the run with the reason, and gives the lock back.
func TestWrongKey(t *testing.T) {
	t.Parallel()

	s := open(t, func(*http.Request) faulttest.Fault {
		return faulttest.Fault{
			Status: 403, ContentType: "application/vnd.api+json",
			Body: `{"errors":[{"id":"1","code":"permission_denied","title":"Forbidden","detail":"No."}]}`,
		}
	})
	s.ct.Put("customers", customer(1, ""))

	for range 2 {
		if p := s.run(t, bulk.Options{}); p.Status != bulk.Failed || !strings.Contains(p.Reason, "permission_denied") {
			t.Errorf("progress = %+v, want failed with Klaviyo's code", p)
		}
	}
}
