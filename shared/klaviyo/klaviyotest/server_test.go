package klaviyotest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// answered is what a test looks at of an answer.
type answered struct {
	Status int         `json:"-"`
	Header http.Header `json:"-"`
	Data   any         `json:"data"`
	Links  struct {
		Next string `json:"next"`
	} `json:"links"`
	Errors []struct {
		ID     string `json:"id"`
		Code   string `json:"code"`
		Detail string `json:"detail"`
		Source struct {
			Pointer string `json:"pointer"`
		} `json:"source"`
	} `json:"errors"`
}

func (a answered) code() string {
	if len(a.Errors) != 1 {
		return fmt.Sprint(len(a.Errors), " errors")
	}

	return a.Errors[0].Code + " " + a.Errors[0].Source.Pointer
}

// ask sends a request with all the headers that Klaviyo wants, as changed by header.
func ask(t *testing.T, s *klaviyotest.Server, method, path, body string, header map[string]string) answered {
	t.Helper()

	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Klaviyo-API-Key pk")
	r.Header.Set("Revision", "2026-07-15")
	r.Header.Set("Content-Type", "application/vnd.api+json")

	for name, value := range header {
		r.Header.Set(name, value)
	}

	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)

	var a answered
	if w.Body.Len() == 0 && w.Code < http.StatusBadRequest {
		return answered{Status: w.Code, Header: w.Header()}
	}

	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
	}

	a.Status, a.Header = w.Code, w.Header()

	if got := a.Header.Get("Content-Type"); got != "application/vnd.api+json" {
		t.Errorf("content type %q", got)
	}

	return a
}

func profile(attributes string) string {
	return `{"data":{"type":"profile","attributes":` + attributes + `}}`
}

func TestRefusals(t *testing.T) {
	t.Parallel()

	good := profile(`{"email":"a@example.com"}`)

	tests := []struct {
		name, method, path, body string
		header                   map[string]string
		status                   int
		code                     string
	}{
		{"no key", "POST", "/api/profiles", good, map[string]string{"Authorization": ""}, 401, "not_authenticated /data"},
		{"another scheme", "POST", "/api/profiles", good, map[string]string{"Authorization": "Bearer pk"}, 401, "not_authenticated /data"},
		{"wrong key", "POST", "/api/profiles", good, map[string]string{"Authorization": "Klaviyo-API-Key x"}, 401, "not_authenticated /data"},
		{"no revision", "POST", "/api/profiles", good, map[string]string{"Revision": ""}, 400, "invalid /data"},
		{"text", "POST", "/api/profiles", good, map[string]string{"Content-Type": "text/plain"}, 415, "unsupported_media_type /data"},
		{"unknown path", "GET", "/api/nothing", "", nil, 404, "not_found /data"},
		{"method", "DELETE", "/api/profiles", "", nil, 405, "method_not_allowed /data"},
		{"not JSON", "POST", "/api/profiles", "{", nil, 400, "invalid /data"},
		{"another type", "POST", "/api/profiles", `{"data":{"type":"event","attributes":{}}}`, nil, 400, "invalid /data"},
		{"unknown attribute", "POST", "/api/profiles", profile(`{"mail":"x"}`), nil, 400, "invalid /data/attributes/mail"},
		{"number", "POST", "/api/profiles", profile(`{"email":5}`), nil, 400, "invalid /data/attributes/email"},
		{"properties", "POST", "/api/profiles", profile(`{"properties":[]}`), nil, 400, "invalid /data/attributes/properties"},
		{"long external id", "POST", "/api/profiles", profile(`{"external_id":"` + strings.Repeat("x", 256) + `"}`), nil, 400, "invalid /data/attributes/external_id"},
		{"other id", "PATCH", "/api/profiles/1", profile(`{}`), nil, 400, "invalid /data/id"},
		{"filter", "GET", "/api/profiles?filter=" + url.QueryEscape("equals(email,x)"), "", nil, 400, "invalid /data"},
		{"filter of another field", "GET", "/api/profiles?filter=" + url.QueryEscape(`equals(title,"x")`), "", nil, 400, "invalid /data"},
		{"page size", "GET", "/api/profiles?" + url.QueryEscape("page[size]") + "=101", "", nil, 400, "invalid /data"},
		{"cursor", "GET", "/api/profiles?" + url.QueryEscape("page[cursor]") + "=!", "", nil, 400, "invalid /data"},
		{"unknown profile by id", "POST", "/api/profile-import", `{"data":{"type":"profile","id":"1","attributes":{}}}`, nil, 404, "not_found /data"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := klaviyotest.New(klaviyotest.Options{Key: "pk"})

			a := ask(t, s, tt.method, tt.path, tt.body, tt.header)
			if a.Status != tt.status || a.code() != tt.code || a.Errors[0].ID == "" {
				t.Errorf("%d %s: %+v", a.Status, a.code(), a.Errors)
			}

			if a.Status == http.StatusMethodNotAllowed && a.Header.Get("Allow") != "GET, POST" {
				t.Errorf("Allow is %q", a.Header.Get("Allow"))
			}

			if len(s.Profiles()) != 0 || s.Requests() != 1 {
				t.Errorf("profiles %v after %d requests", s.Profiles(), s.Requests())
			}
		})
	}
}

func TestPublishedLimits(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := klaviyotest.New(klaviyotest.Options{Limits: true})
		job := "/api/profile-bulk-import-jobs/J"

		// A bubble's clock begins with a minute.
		for second := range 15 {
			useSecond(t, s, job, second)
			time.Sleep(time.Second)
		}

		// The minute is used up, but only for this operation.
		if a := ask(t, s, "GET", job, "", nil); a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "45" {
			t.Errorf("%d %v", a.Status, a.Header)
		}

		if a := ask(t, s, "GET", "/api/profiles", "", nil); a.Status != http.StatusOK {
			t.Errorf("another operation: %d", a.Status)
		}

		time.Sleep(45 * time.Second)

		if a := ask(t, s, "GET", job, "", nil); a.Status != http.StatusNotFound {
			t.Errorf("the next minute: %d", a.Status)
		}

		if s.Throttled() != 16 {
			t.Errorf("%d throttled", s.Throttled())
		}
	})
}

// useSecond makes the 10 requests of a second, and an 11th.
func useSecond(t *testing.T, s *klaviyotest.Server, path string, second int) {
	t.Helper()

	for i := range 10 {
		a := ask(t, s, "GET", path, "", nil)
		got := fmt.Sprint(a.Status, a.Header["Ratelimit-Limit"], a.Header["Ratelimit-Remaining"], a.Header["Ratelimit-Reset"])

		if want := fmt.Sprintf("404 [150] [%d] [%d]", 149-10*second-i, 60-second); got != want {
			t.Fatalf("second %d, request %d: %s, want %s", second, i, got, want)
		}
	}

	seconds := "1"
	if second == 14 { // The minute is used up, too.
		seconds = "46"
	}

	a := ask(t, s, "GET", path, "", nil)
	if got := fmt.Sprint(a.Status, a.Header["Retry-After"], a.Header["Ratelimit-Limit"]); got != "429 ["+seconds+"] []" {
		t.Fatalf("second %d: %s", second, got)
	}

	if a.code() != "throttled /data" || a.Errors[0].Detail != "Request was throttled. Expected available in "+seconds+" second." {
		t.Errorf("error %+v", a.Errors)
	}
}

func TestNoLimitsUnlessAsked(t *testing.T) {
	t.Parallel()

	s := klaviyotest.New(klaviyotest.Options{})

	for range 2 * klaviyo.PublishedLimits()["get_profiles"].Steady {
		if a := ask(t, s, "GET", "/api/profiles", "", nil); a.Status != http.StatusOK {
			t.Fatal(a.Status)
		}
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()

	s := klaviyotest.New(klaviyotest.Options{})

	steps := []struct{ attributes, want string }{
		{
			`{"external_id":"1","email":"A@example.com","first_name":"Ann","location":{"city":"Berlin","zip":"1"},"properties":{"a":1,"b":{"c":1}}}`,
			`{"external_id":"1","email":"A@example.com","first_name":"Ann","location":{"city":"Berlin","zip":"1"},"properties":{"a":1,"b":{"c":1}}}`,
		},
		{
			`{"email":"a@EXAMPLE.com","first_name":null,"location":{"zip":null,"country":"DE"},"properties":{"a":null,"d":[1]}}`,
			`{"external_id":"1","email":"a@EXAMPLE.com","location":{"city":"Berlin","country":"DE"},"properties":{"b":{"c":1},"d":[1]}}`,
		},
		{
			`{"external_id":"1","email":null,"location":null}`,
			`{"external_id":"1","properties":{"b":{"c":1},"d":[1]}}`,
		},
	}

	for i, step := range steps {
		status := http.StatusOK
		if i == 0 {
			status = http.StatusCreated
		}

		if a := ask(t, s, "POST", "/api/profile-import", profile(step.attributes), nil); a.Status != status {
			t.Fatalf("step %d: %d %+v", i, a.Status, a.Errors)
		}

		var want map[string]any
		if err := json.Unmarshal([]byte(step.want), &want); err != nil {
			t.Fatal(err)
		}

		got := s.Profiles()
		if len(got) != 1 || got[0].Imports != i+1 {
			t.Fatalf("step %d: %+v", i, got)
		}

		if diff := cmp.Diff(want, got[0].Attributes); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}

	// The email is free again.
	if a := ask(t, s, "POST", "/api/profiles", profile(`{"email":"a@example.com"}`), nil); a.Status != http.StatusCreated {
		t.Errorf("%d %+v", a.Status, a.Errors)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()

	const (
		both  = `{"external_id":"1","email":"one@example.com","phone_number":"+4915111111111"}`
		phone = `{"phone_number":"+4915122222222"}`
	)

	tests := []struct {
		name, attributes string
		status           int
		profiles         int
	}{
		{"nothing in common", `{"external_id":"2","email":"two@example.com"}`, 201, 3},
		{"external id, new email and phone", `{"external_id":"1","email":"new@example.com","phone_number":"+4915133333333"}`, 200, 2},
		{"email, new external id", `{"external_id":"2","email":"ONE@example.com"}`, 200, 2},
		{"phone alone", `{"phone_number":"+4915111111111"}`, 200, 2},
		{"phone of a profile without more", `{"external_id":"2","email":"two@example.com","phone_number":"+4915122222222"}`, 200, 2},
		{"phone of somebody else", `{"external_id":"2","email":"two@example.com","phone_number":"+4915111111111"}`, 409, 2},
		{"phone of another email", `{"email":"two@example.com","phone_number":"+4915111111111"}`, 409, 2},
		{"two profiles", `{"external_id":"1","phone_number":"+4915122222222"}`, 409, 2},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			one, many := klaviyotest.New(klaviyotest.Options{}), klaviyotest.New(klaviyotest.Options{})

			for _, attributes := range []string{both, phone, tt.attributes} {
				a := ask(t, one, "POST", "/api/profile-import", profile(attributes), nil)
				if attributes == tt.attributes && a.Status != tt.status {
					t.Errorf("upsert: %d", a.Status)
				}

				ask(t, many, "POST", "/api/profile-bulk-import-jobs", job(row(attributes)), nil)
			}

			if got := len(one.Profiles()); got != tt.profiles {
				t.Errorf("upsert: %d profiles", got)
			}

			// A job comes to the same, or fails.
			if diff := cmp.Diff(one.Profiles(), many.Profiles()); diff != "" {
				t.Errorf("after an upsert and after a job:\n%s", diff)
			}
		})
	}
}

func TestFindAndPages(t *testing.T) {
	t.Parallel()

	s := klaviyotest.New(klaviyotest.Options{})

	for i := range 25 {
		attributes := fmt.Sprintf(`{"external_id":"x%02d","email":"%d@example.com","phone_number":"+4915100000%03d"}`, i, i, i)
		if a := ask(t, s, "POST", "/api/profiles", profile(attributes), nil); a.Status != http.StatusCreated {
			t.Fatal(a.Status)
		}
	}

	ids := func(a answered) (found []string) {
		data, _ := a.Data.([]any)
		for _, d := range data {
			attributes, _ := d.(map[string]any)["attributes"].(map[string]any)
			found = append(found, fmt.Sprint(attributes["external_id"]))
		}

		return found
	}

	for filter, want := range map[string][]string{
		`equals(email,"7@EXAMPLE.com")`:               {"x07"},
		`equals(external_id,"x03")`:                   {"x03"},
		`equals(phone_number,"+4915100000004")`:       {"x04"},
		`equals(email,"nobody@example.com")`:          nil,
		`any(external_id,["x09","x02","none","x09"])`: {"x02", "x09"},
		`equals(id,"` + s.Profiles()[5].ID + `")`:     {"x05"},
	} {
		a := ask(t, s, "GET", "/api/profiles?filter="+url.QueryEscape(filter), "", nil)
		if diff := cmp.Diff(want, ids(a)); diff != "" || a.Status != http.StatusOK {
			t.Errorf("%s: %d (-want +got):\n%s", filter, a.Status, diff)
		}
	}

	first := ask(t, s, "GET", "/api/profiles", "", nil)
	next := strings.TrimPrefix(first.Links.Next, "https://a.klaviyo.com")
	second := ask(t, s, "GET", next, "", nil)

	if len(ids(first)) != 20 || len(ids(second)) != 5 || ids(second)[0] != "x20" || second.Links.Next != "" {
		t.Errorf("pages %v and %v, then %q", ids(first), ids(second), second.Links.Next)
	}
}

func job(rows ...string) string {
	return `{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[` + strings.Join(rows, ",") + `]}}}}`
}

func row(attributes string) string { return `{"type":"profile","attributes":` + attributes + `}` }

func TestJobTakesItsTime(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := klaviyotest.New(klaviyotest.Options{JobTime: 10 * time.Second})

		a := ask(t, s, "POST", "/api/profile-bulk-import-jobs", job(row(`{"external_id":"1"}`), row(`{"external_id":"2"}`)), nil)
		data, _ := a.Data.(map[string]any)
		path := fmt.Sprint("/api/profile-bulk-import-jobs/", data["id"])

		steps := []struct {
			status    string
			completed float64
			profiles  int
			pause     time.Duration
		}{
			{"queued", 0, 0, 5 * time.Second},
			{"processing", 0, 0, 4 * time.Second},
			{"processing", 0, 0, time.Second},
			{"complete", 2, 2, time.Hour},
			{"complete", 2, 2, 0},
		}

		for i, step := range steps {
			data, _ := ask(t, s, "GET", path, "", nil).Data.(map[string]any)
			attributes, _ := data["attributes"].(map[string]any)

			if attributes["status"] != step.status || attributes["completed_count"] != step.completed || len(s.Profiles()) != step.profiles {
				t.Errorf("step %d: %v, %d profiles", i, attributes, len(s.Profiles()))
			}

			time.Sleep(step.pause)
		}
	})
}

func TestJobRefusals(t *testing.T) {
	t.Parallel()

	good, many := row(`{"external_id":"1"}`), make([]string, 10_001)
	for i := range many {
		many[i] = good
	}

	large := row(`{"external_id":"1","title":"` + strings.Repeat("x", 90_000) + `"}`)

	tests := []struct {
		name, body string
		status     int
		pointers   []string
	}{
		{"no rows", job(), 400, []string{"/data/attributes/profiles/data"}},
		{"too many rows", job(many...), 400, []string{"/data/attributes/profiles/data"}},
		{"too large", job(strings.Split(strings.Repeat(large+"\n", 56), "\n")[:56]...), 413, []string{"/data"}},
		{"a large row", job(good, row(`{"title":"`+strings.Repeat("x", 100_000)+`"}`)), 400, []string{"/data/attributes/profiles/data/1"}},
		{
			"two bad rows", job(row(`{"email":"x"}`), good, row(`{"phone_number":"1"}`)), 400,
			[]string{"/data/attributes/profiles/data/0/attributes/email", "/data/attributes/profiles/data/2/attributes/phone_number"},
		},
		{"nobody", job(good, row(`{"first_name":"x"}`)), 400, []string{"/data/attributes/profiles/data/1/attributes/"}},
		{"another type", job(`{"type":"event"}`), 400, []string{"/data/attributes/profiles/data/0"}},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := klaviyotest.New(klaviyotest.Options{})

			a := ask(t, s, "POST", "/api/profile-bulk-import-jobs", tt.body, nil)

			var pointers []string
			for _, e := range a.Errors {
				pointers = append(pointers, e.Source.Pointer)
			}

			if diff := cmp.Diff(tt.pointers, pointers); diff != "" || a.Status != tt.status {
				t.Errorf("%d (-want +got):\n%s", a.Status, diff)
			}

			if len(s.Profiles()) != 0 {
				t.Error("something was imported")
			}
		})
	}
}
