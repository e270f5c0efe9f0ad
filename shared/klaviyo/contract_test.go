package klaviyo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest/contract"
)

// checked is a client of a fake, with Klaviyo's descriptions in between.
func checked(t *testing.T, opts klaviyotest.Options) (*klaviyo.Client, *klaviyotest.Server) {
	t.Helper()

	fake := klaviyotest.New(opts)

	return client(contract.Transport(t, inMemory(fake.ServeHTTP))), fake
}

func fullProfile() klaviyo.Profile {
	return klaviyo.Profile{
		Email:        klaviyo.Set("ann@example.com"),
		ExternalID:   klaviyo.Set("c-1"),
		PhoneNumber:  klaviyo.Set("+4915112345678"),
		FirstName:    klaviyo.Set("Ann"),
		LastName:     klaviyo.Set("Müller"),
		Title:        klaviyo.Set("Dr."),
		Organization: klaviyo.Set("Example & Sons"),
		Locale:       klaviyo.Set("de-DE"),
		Location: &klaviyo.Location{
			Address1: klaviyo.Set("12 Unter den Linden"), Address2: klaviyo.Set("2nd floor"), City: klaviyo.Set("Berlin"),
			Country: klaviyo.Set("DE"), Region: klaviyo.Set("Berlin"), Zip: klaviyo.Set("10117"),
		},
		Properties: map[string]json.RawMessage{
			"points": json.RawMessage(`12`), "sizes": json.RawMessage(`["M",{"l":null}]`),
		},
	}
}

// nullProfile keeps only the external id.
func nullProfile() klaviyo.Profile {
	null := klaviyo.Null[string]()

	return klaviyo.Profile{
		ExternalID: klaviyo.Set("c-1"),
		Email:      null, PhoneNumber: null, FirstName: null, LastName: null, Title: null, Organization: null, Locale: null,
		Location: &klaviyo.Location{
			Address1: null, Address2: null, City: null, Country: null, Region: null, Zip: null,
		},
		Properties: map[string]json.RawMessage{"points": json.RawMessage(`null`)},
	}
}

func minimalProfile() klaviyo.Profile { return klaviyo.Profile{ExternalID: klaviyo.Set("c-1")} }

// writes are the ways to write a profile.
func writes() map[string]func(context.Context, *klaviyo.Client, klaviyo.Profile) error {
	return map[string]func(context.Context, *klaviyo.Client, klaviyo.Profile) error{
		"create": func(ctx context.Context, c *klaviyo.Client, p klaviyo.Profile) error {
			_, err := c.CreateProfile(ctx, p)

			return err
		},
		"create by upsert": func(ctx context.Context, c *klaviyo.Client, p klaviyo.Profile) error {
			_, err := c.UpsertProfile(ctx, p)

			return err
		},
		"upsert": func(ctx context.Context, c *klaviyo.Client, p klaviyo.Profile) error {
			_, first := c.CreateProfile(ctx, minimalProfile())
			_, second := c.UpsertProfile(ctx, p)

			return errors.Join(first, second)
		},
		"update": func(ctx context.Context, c *klaviyo.Client, p klaviyo.Profile) error {
			id, err := c.CreateProfile(ctx, minimalProfile())

			return errors.Join(err, c.UpdateProfile(ctx, id, p))
		},
		"import": func(ctx context.Context, c *klaviyo.Client, p klaviyo.Profile) error {
			var b klaviyo.ProfileBatch

			err := b.Add("c-1", p)
			_, refused, sent := c.ImportProfiles(ctx, &b)

			if len(refused) > 0 {
				err = fmt.Errorf("refused: %v", refused)
			}

			return errors.Join(err, sent)
		},
	}
}

func TestContractProfiles(t *testing.T) {
	t.Parallel()

	full := map[string]any{
		"email": "ann@example.com", "external_id": "c-1", "phone_number": "+4915112345678", "first_name": "Ann",
		"last_name": "Müller", "title": "Dr.", "organization": "Example & Sons", "locale": "de-DE",
		"location": map[string]any{
			"address1": "12 Unter den Linden", "address2": "2nd floor", "city": "Berlin", "country": "DE", "region": "Berlin", "zip": "10117",
		},
		"properties": map[string]any{"points": 12.0, "sizes": []any{"M", map[string]any{"l": nil}}},
	}

	profiles := map[string]struct {
		profile klaviyo.Profile
		want    map[string]any
	}{
		"minimal": {minimalProfile(), map[string]any{"external_id": "c-1"}},
		"full":    {fullProfile(), full},
		"nulls":   {nullProfile(), map[string]any{"external_id": "c-1"}},
	}

	for how, write := range writes() {
		for what, tt := range profiles {
			t.Run(how+" "+what, func(t *testing.T) {
				t.Parallel()

				c, fake := checked(t, klaviyotest.Options{Key: key, Limits: true})
				if err := write(t.Context(), c, tt.profile); err != nil {
					t.Fatal(err)
				}

				var got []map[string]any
				for _, p := range fake.Profiles() {
					got = append(got, p.Attributes)
				}

				// An object whose keys were all cleared stays behind; nobody can tell.
				if diff := cmp.Diff([]map[string]any{tt.want}, got, cmpopts.IgnoreMapEntries(isEmptyObject)); diff != "" {
					t.Errorf("attributes (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func isEmptyObject(_ string, v any) bool {
	object, ok := v.(map[string]any)

	return ok && len(object) == 0
}

func TestContractClears(t *testing.T) {
	t.Parallel()

	c, fake := checked(t, klaviyotest.Options{})

	id, err := c.CreateProfile(t.Context(), fullProfile())
	if err != nil {
		t.Fatal(err)
	}

	// Absent leaves.
	if again, err := c.UpsertProfile(t.Context(), minimalProfile()); err != nil || again != id {
		t.Fatalf("id %q, error %v", again, err)
	}

	if got := fake.Profiles()[0].Attributes["first_name"]; got != "Ann" {
		t.Errorf("first name %v", got)
	}

	// Null clears, but not in a bulk import.
	var b klaviyo.ProfileBatch
	if err := b.Add("c-1", nullProfile()); err != nil {
		t.Fatal(err)
	}

	if _, _, err := c.ImportProfiles(t.Context(), &b); err != nil {
		t.Fatal(err)
	}

	if got := fake.Profiles()[0].Attributes["first_name"]; got != "Ann" {
		t.Errorf("first name %v", got)
	}

	if err := c.UpdateProfile(t.Context(), id, nullProfile()); err != nil {
		t.Fatal(err)
	}

	got := fake.Profiles()[0]
	if got.Attributes["first_name"] != nil || got.Attributes["email"] != nil || got.Imports != 4 {
		t.Errorf("profile %+v", got)
	}

	if _, ok, err := c.FindProfileByEmail(t.Context(), "ann@example.com"); ok || err != nil {
		t.Errorf("the old email is found: %t, %v", ok, err)
	}
}

func TestContractFind(t *testing.T) {
	t.Parallel()

	c, _ := checked(t, klaviyotest.Options{})

	id, err := c.CreateProfile(t.Context(), fullProfile())
	if err != nil {
		t.Fatal(err)
	}

	if got, ok, err := c.FindProfileByEmail(t.Context(), "Ann@Example.com"); got != id || !ok || err != nil {
		t.Errorf("found %q, %t, %v", got, ok, err)
	}

	if got, ok, err := c.FindProfileByEmail(t.Context(), `x"),equals(id,"`+id); ok || err != nil {
		t.Errorf("found %q, %t, %v", got, ok, err)
	}
}

func TestContractConflicts(t *testing.T) {
	t.Parallel()

	c, _ := checked(t, klaviyotest.Options{})

	first, err := c.CreateProfile(t.Context(), klaviyo.Profile{ExternalID: klaviyo.Set("1"), Email: klaviyo.Set("one@example.com")})
	if err != nil {
		t.Fatal(err)
	}

	if _, err := c.CreateProfile(t.Context(), klaviyo.Profile{ExternalID: klaviyo.Set("2"), Email: klaviyo.Set("two@example.com")}); err != nil {
		t.Fatal(err)
	}

	both := klaviyo.Profile{ExternalID: klaviyo.Set("1"), Email: klaviyo.Set("Two@example.com")}

	_, create := c.CreateProfile(t.Context(), both)
	_, upsert := c.UpsertProfile(t.Context(), both)
	update := c.UpdateProfile(t.Context(), first, both)

	for name, err := range map[string]error{"create": create, "upsert": upsert, "update": update} {
		if e, ok := errors.AsType[*klaviyo.Error](err); !ok || !klaviyo.IsConflict(err) || e.Code() != "duplicate_profile" {
			t.Errorf("%s: %v", name, err)
		}
	}

	if err := c.UpdateProfile(t.Context(), "01NONE", both); !klaviyo.IsNotFound(err) {
		t.Errorf("error %v", err)
	}

	if _, err := c.ImportJob(t.Context(), "J"); !klaviyo.IsNotFound(err) {
		t.Errorf("error %v", err)
	}
}

// Rows that Klaviyo sees to be wrong at once are refused; the rest is imported, except what turns out to be wrong later.
func TestContractImport(t *testing.T) {
	t.Parallel()

	c, fake := checked(t, klaviyotest.Options{})

	var b klaviyo.ProfileBatch

	for i := range 250 {
		addRow(t, &b, i, klaviyo.Profile{ExternalID: klaviyo.Set(fmt.Sprint("new-", i)), Email: klaviyo.Set(fmt.Sprint(i, "@example.com"))})
	}

	importAll(t, c, &b)

	b = klaviyo.ProfileBatch{}
	addRow(t, &b, 0, klaviyo.Profile{ExternalID: klaviyo.Set("new-0"), FirstName: klaviyo.Set("Ann")})
	addRow(t, &b, 1, klaviyo.Profile{Email: klaviyo.Set("nobody")})
	addRow(t, &b, 2, klaviyo.Profile{PhoneNumber: klaviyo.Set("0151 1234")})
	addRow(t, &b, 3, klaviyo.Profile{Email: klaviyo.Set("3@example.com")})
	addRow(t, &b, 4, klaviyo.Profile{ExternalID: klaviyo.Set("new-4"), Email: klaviyo.Set("5@example.com")})
	addRow(t, &b, 5, klaviyo.Profile{FirstName: klaviyo.Set("Nemo")})
	addRow(t, &b, 6, klaviyo.Profile{ExternalID: klaviyo.Set("new-250")})

	id, refused, err := c.ImportProfiles(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}

	want := []klaviyo.Refused{
		{Ref: "row 1", Code: "invalid", Title: "Invalid input.", Pointer: "/attributes/email"},
		{Ref: "row 2", Code: "invalid", Title: "Invalid input.", Pointer: "/attributes/phone_number"},
		{Ref: "row 5", Code: "invalid", Title: "Invalid input.", Pointer: "/attributes/"},
	}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}

	job, err := c.ImportJob(t.Context(), id)
	if diff := cmp.Diff(klaviyo.Job{Status: "complete", Total: 4, Completed: 3, Failed: 1}, job); diff != "" || err != nil {
		t.Errorf("job (-want +got):\n%s%v", diff, err)
	}

	failed, err := c.ImportErrors(t.Context(), id)
	if diff := cmp.Diff([]klaviyo.ImportError{
		{ExternalID: "new-4", Code: "duplicate_profile", Title: "Conflict.", Pointer: "/data/attributes"},
	}, failed); diff != "" || err != nil {
		t.Errorf("errors (-want +got):\n%s%v", diff, err)
	}

	if got := len(fake.Profiles()); got != 251 {
		t.Errorf("%d profiles", got)
	}
}

func addRow(t *testing.T, b *klaviyo.ProfileBatch, i int, p klaviyo.Profile) {
	t.Helper()

	if err := b.Add(fmt.Sprint("row ", i), p); err != nil {
		t.Fatal(err)
	}
}

// importAll imports a batch with nothing wrong in it.
func importAll(t *testing.T, c *klaviyo.Client, b *klaviyo.ProfileBatch) (job string) {
	t.Helper()

	job, refused, err := c.ImportProfiles(t.Context(), b)
	if err != nil || len(refused) > 0 {
		t.Fatalf("refused %v, error %v", refused, err)
	}

	return job
}

func TestContractImportErrorsHavePages(t *testing.T) {
	t.Parallel()

	c, _ := checked(t, klaviyotest.Options{})

	var owners, clashes klaviyo.ProfileBatch

	// Each profile has a phone number; then each claims that of the next.
	for i := range 250 {
		id := klaviyo.Set(fmt.Sprint("new-", i))
		addRow(t, &owners, i, klaviyo.Profile{ExternalID: id, PhoneNumber: klaviyo.Set(fmt.Sprintf("+4915100000%03d", i))})
		addRow(t, &clashes, i, klaviyo.Profile{ExternalID: id, PhoneNumber: klaviyo.Set(fmt.Sprintf("+4915100000%03d", (i+1)%250))})
	}

	importAll(t, c, &owners)
	id := importAll(t, c, &clashes)

	before := c.Requests()

	failed, err := c.ImportErrors(t.Context(), id)
	if err != nil || len(failed) != 250 || c.Requests()-before != 3 {
		t.Errorf("%d errors of 250 in %d requests, %v", len(failed), c.Requests()-before, err)
	}

	for i, f := range failed {
		if f.ExternalID != fmt.Sprint("new-", i) {
			t.Errorf("error %d is of %q", i, f.ExternalID)
		}
	}
}

func TestContractRefusals(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name    string
		profile klaviyo.Profile
		pointer string
	}{
		{"email", klaviyo.Profile{Email: klaviyo.Set("nobody")}, "/data/attributes/email"},
		{"long email", klaviyo.Profile{Email: klaviyo.Set(strings.Repeat("x", 100) + "@example.com")}, "/data/attributes/email"},
		{"phone", klaviyo.Profile{PhoneNumber: klaviyo.Set("0151")}, "/data/attributes/phone_number"},
		{"valid phone", klaviyo.Profile{PhoneNumber: klaviyo.Set(klaviyotest.RefusedPhone)}, "/data/attributes/phone_number"},
		{"nobody", klaviyo.Profile{FirstName: klaviyo.Set("Ann")}, "/data/attributes"},
		{"nobody left", klaviyo.Profile{ExternalID: klaviyo.Null[string]()}, "/data/attributes"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			c, fake := checked(t, klaviyotest.Options{})

			_, create := c.CreateProfile(t.Context(), tt.profile)
			_, upsert := c.UpsertProfile(t.Context(), tt.profile)

			for _, err := range []error{create, upsert} {
				e := apiError(t, err)
				if e.Status != http.StatusBadRequest || e.Code() != "invalid" || e.Pointer() != tt.pointer {
					t.Errorf("error %v", err)
				}
			}

			if got := fake.Profiles(); len(got) != 0 {
				t.Errorf("profiles %v", got)
			}
		})
	}
}

func TestContractWrongKey(t *testing.T) {
	t.Parallel()

	c, _ := checked(t, klaviyotest.Options{Key: "another"})

	e := apiError(t, c.UpdateProfile(t.Context(), "01P", ann()))
	if e.Status != http.StatusUnauthorized || e.Code() != "not_authenticated" {
		t.Errorf("error %v", e)
	}
}

func TestContractTooLarge(t *testing.T) {
	t.Parallel()

	c, _ := checked(t, klaviyotest.Options{})

	large := minimalProfile()
	large.Title = klaviyo.Set(strings.Repeat("x", 100_000))

	if _, err := c.UpsertProfile(t.Context(), large); apiError(t, err).Status != http.StatusRequestEntityTooLarge {
		t.Errorf("error %v", err)
	}
}
