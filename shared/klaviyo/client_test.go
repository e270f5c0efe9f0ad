package klaviyo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

const key = "pk_secret"

// inMemory answers requests without a network, as virtual time needs it.
type inMemory func(http.ResponseWriter, *http.Request)

func (f inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	// A real transport reads the body and checks its length.
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}

	if int64(len(body)) != req.ContentLength {
		return nil, fmt.Errorf("body of %d bytes, announced are %d", len(body), req.ContentLength)
	}

	req.Body = io.NopCloser(bytes.NewReader(body))
	recorder := httptest.NewRecorder()
	f(recorder, req)

	return recorder.Result(), nil
}

func client(transport http.RoundTripper) *klaviyo.Client {
	return klaviyo.New(klaviyo.Config{APIURL: "https://klaviyo.test", AuthKey: key, Transport: transport})
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/vnd.api+json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

// succeed answers as Klaviyo does when all is well: with a status alone, or with a resource.
func succeed(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case slices.Contains([]string{"events", "event-bulk-create-jobs", "data-privacy-deletion-jobs"}, path.Base(r.URL.Path)):
		w.WriteHeader(http.StatusAccepted)
	default:
		answer(w, http.StatusOK, created)
	}
}

const created = `{"data":{"type":"profile","id":"01P","attributes":{}}}`

func ann() klaviyo.Profile {
	return klaviyo.Profile{
		Email: klaviyo.Set("ann@example.com"), ExternalID: klaviyo.Set("c-1"), Title: klaviyo.Null[string](),
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name     string
		call     func(context.Context, *klaviyo.Client) error
		want     string
		wantBody string
	}{
		{
			"create",
			func(ctx context.Context, c *klaviyo.Client) error {
				_, err := c.CreateProfile(ctx, ann())

				return err
			},
			"POST /shop/api/profiles",
			`{"data":{"type":"profile","attributes":{"email":"ann@example.com","external_id":"c-1","title":null}}}`,
		},
		{
			"upsert",
			func(ctx context.Context, c *klaviyo.Client) error {
				_, err := c.UpsertProfile(ctx, ann())

				return err
			},
			"POST /shop/api/profile-import",
			`{"data":{"type":"profile","attributes":{"email":"ann@example.com","external_id":"c-1","title":null}}}`,
		},
		{
			"update",
			func(ctx context.Context, c *klaviyo.Client) error { return c.UpdateProfile(ctx, "01/P?", ann()) },
			"PATCH /shop/api/profiles/01%2FP%3F",
			`{"data":{"type":"profile","id":"01/P?","attributes":{"email":"ann@example.com","external_id":"c-1","title":null}}}`,
		},
		{
			"erase",
			func(ctx context.Context, c *klaviyo.Client) error { return c.RequestErasure(ctx, "01P") },
			"POST /shop/api/data-privacy-deletion-jobs",
			`{"data":{"type":"data-privacy-deletion-job","attributes":{"profile":{"data":{"type":"profile","id":"01P","attributes":{}}}}}}`,
		},
		{
			"job",
			func(ctx context.Context, c *klaviyo.Client) error {
				_, err := c.ImportJob(ctx, "J1")

				return err
			},
			"GET /shop/api/profile-bulk-import-jobs/J1",
			"",
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkCall(t, tt.call, tt.want, tt.wantBody)
		})
	}
}

// checkCall finds out which request a call sends, over a network.
func checkCall(t *testing.T, call func(context.Context, *klaviyo.Client) error, want, wantBody string) {
	t.Helper()

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		checkRequest(t, r, want, wantBody)
		succeed(w, r)
	}))
	t.Cleanup(server.Close)

	c := klaviyo.New(klaviyo.Config{APIURL: server.URL + "/shop/", AuthKey: key})
	if err := call(t.Context(), c); err != nil {
		t.Error(err)
	}

	if c.Requests() != 1 {
		t.Errorf("%d requests", c.Requests())
	}
}

func checkRequest(t *testing.T, r *http.Request, want, wantBody string) {
	t.Helper()

	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}

	if got := r.Method + " " + r.RequestURI; got != want {
		t.Errorf("request %s, want %s", got, want)
	}

	if diff := cmp.Diff(wantBody, string(body)); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}

	header := map[string]string{
		"Authorization": "Klaviyo-API-Key " + key, "Revision": "2026-07-15", "User-Agent": "ctklaviyo/1.0",
		"Accept": "application/vnd.api+json", "Content-Type": "",
	}

	if wantBody != "" {
		header["Content-Type"] = "application/vnd.api+json"
	}

	for name, value := range header {
		if got := r.Header.Get(name); got != value {
			t.Errorf("%s is %q", name, got)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()

	const (
		cloudflare = `<!DOCTYPE html><title>Just a moment...</title>`
		duplicate  = `{"errors":[{"id":"bf03176f","status":409,"code":"duplicate_profile","title":"Conflict.",` +
			`"detail":"A profile already exists with one of these identifiers.","source":{"pointer":"/data/attributes"},` +
			`"links":{},"meta":{"duplicate_profile_id":"01GR"}}]}`
	)

	long := strings.Repeat("ü", 1<<19)

	tests := []struct {
		name   string
		status int
		body   string
		want   *klaviyo.Error
		text   string
	}{
		{
			"conflict", http.StatusConflict, duplicate,
			&klaviyo.Error{Details: []klaviyo.Detail{{
				Code: "duplicate_profile", Title: "Conflict.",
				Pointer: "/data/attributes",
			}}},
			"klaviyo: POST /api/profiles: status 409 Conflict; duplicate_profile at /data/attributes",
		},
		{"proxy's page", http.StatusForbidden, cloudflare, &klaviyo.Error{}, "klaviyo: POST /api/profiles: status 403 Forbidden"},
		{"other JSON", http.StatusForbidden, `{"errors":"no"}`, &klaviyo.Error{}, "klaviyo: POST /api/profiles: status 403 Forbidden"},
		{"status as text", http.StatusBadRequest, `{"errors":[{"status":"400","code":"invalid"}]}`, &klaviyo.Error{
			Details: []klaviyo.Detail{{Code: "invalid"}},
		}, "klaviyo: POST /api/profiles: status 400 Bad Request; invalid"},
		{
			"many", http.StatusBadRequest, `{"errors":[` + strings.Repeat(`{"code":"x"},`, 99) + `{"code":"x"}]}`,
			&klaviyo.Error{Details: slices.Repeat([]klaviyo.Detail{{Code: "x"}}, 100)},
			"klaviyo: POST /api/profiles: status 400 Bad Request" + strings.Repeat("; x", 5) + "; and 95 more",
		},
		{
			"a long code", http.StatusBadRequest, `{"errors":[{"code":"` + long + `","source":{"pointer":"/` + long + `"}}]}`,
			&klaviyo.Error{Details: []klaviyo.Detail{{Code: long[:252] + "…", Pointer: "/" + long[:252] + "…"}}},
			"klaviyo: POST /api/profiles: status 400 Bad Request; " + long[:252] + "…" + " at /" + long[:252] + "…",
		},
		{"redirect", http.StatusFound, "", &klaviyo.Error{}, "klaviyo: POST /api/profiles: status 302 Found"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			c := client(inMemory(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "https://elsewhere.test/")
				answer(w, tt.status, tt.body)
			}))

			_, err := c.CreateProfile(t.Context(), ann())

			got := apiError(t, err)
			tt.want.Status, tt.want.Operation = tt.status, "POST /api/profiles"
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}

			if got.Error() != tt.text {
				t.Errorf("text %q", got.Error())
			}

			if conflict := tt.status == http.StatusConflict; klaviyo.IsConflict(err) != conflict || klaviyo.IsNotFound(err) || c.Requests() != 1 {
				t.Errorf("IsConflict = %t, IsNotFound = %t, %d requests", klaviyo.IsConflict(err), klaviyo.IsNotFound(err), c.Requests())
			}
		})
	}
}

func apiError(t *testing.T, err error) *klaviyo.Error {
	t.Helper()

	e, ok := errors.AsType[*klaviyo.Error](err)
	if !ok {
		t.Fatalf("error %v", err)
	}

	return e
}

func TestUnreadableAnswers(t *testing.T) {
	t.Parallel()

	for name, body := range map[string]string{
		"not JSON":  "<html>",
		"no id":     `{"data":{}}`,
		"too large": strings.Repeat(" ", 11<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := client(says(http.StatusOK, body))

			if id, err := c.UpsertProfile(t.Context(), ann()); err == nil || c.Requests() != 1 {
				t.Errorf("id %q after %d requests", id, c.Requests())
			}
		})
	}
}

func says(status int, body string) http.RoundTripper {
	return inMemory(func(w http.ResponseWriter, _ *http.Request) { answer(w, status, body) })
}

// Neither the key nor an email address gets into an error, whatever goes wrong.
func TestErrorsNameNobody(t *testing.T) {
	t.Parallel()

	refused := httptest.NewServer(http.NotFoundHandler())
	refused.Close()

	for name, cfg := range map[string]klaviyo.Config{
		"connection refused":       {APIURL: refused.URL},
		"no URL":                   {APIURL: "http://\x00"},
		"no host":                  {},
		"a key that can't be sent": {APIURL: "https://klaviyo.test", AuthKey: "pk_\n"},
		"Klaviyo quotes": {Transport: says(http.StatusBadRequest, `{"errors":[{"code":"invalid","title":"ann@example.com is invalid.",
			"detail":"There is no ann@example.com.","source":{"pointer":"/data"},"meta":{"email":"ann@example.com"}}]}`)},
		"Klaviyo is odd":   {Transport: says(http.StatusOK, `{"data":"ann@example.com"}`)},
		"Klaviyo is odder": {Transport: says(http.StatusOK, `{"data":[{"id":ann@example.com}]}`)},
		"a web page":       {Transport: says(http.StatusOK, `<p>ann@example.com</p>`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()

			cfg.AuthKey += key

			_, _, err := klaviyo.New(cfg).FindProfileByEmail(ctx, "ann@example.com")
			if err == nil {
				t.Fatal("no error")
			}

			for _, secret := range []string{key, "ann@", "example.com"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q in %q", secret, err)
				}
			}

			if !strings.Contains(err.Error(), "GET /api/profiles") {
				t.Errorf("error %q does not name the operation", err)
			}
		})
	}
}
