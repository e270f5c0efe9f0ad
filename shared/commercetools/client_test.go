package commercetools_test

import (
	stdcmp "cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
)

// serve runs a handler as the API and the token service, each under a path of its own.
func serve(tb testing.TB, h http.Handler) commercetools.Config {
	tb.Helper()

	mux := http.NewServeMux()
	mux.Handle("/api/", http.StripPrefix("/api", h))
	mux.Handle("/auth/", http.StripPrefix("/auth", h))

	server := httptest.NewServer(mux)
	tb.Cleanup(server.Close)

	return commercetools.Config{
		APIURL:       server.URL + "/api/",
		AuthURL:      server.URL + "/auth",
		ProjectKey:   "shop",
		ClientID:     commercetoolstest.ClientID,
		ClientSecret: commercetoolstest.ClientSecret,
	}
}

// scripted answers the n-th API request, counted from 1, with what pick says; tokens are always granted.
func scripted(pick func(n int, r *http.Request) faulttest.Fault) http.Handler {
	var n atomic.Int64

	return faulttest.Wrap(commercetoolstest.NewServer("shop"), func(r *http.Request) faulttest.Fault {
		if r.URL.Path == "/oauth/token" {
			return faulttest.Fault{}
		}

		return pick(int(n.Add(1)), r)
	})
}

// roundTrip is a transport without a network, for time that stands still.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// inMemory calls the handler itself; one that aborts is a connection that broke.
func inMemory(h http.Handler) roundTrip {
	return func(r *http.Request) (resp *http.Response, err error) {
		defer func() {
			if recover() != nil {
				err = stdcmp.Or(r.Context().Err(), io.ErrUnexpectedEOF)
			}
		}()

		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)

		return w.Result(), nil
	}
}

func local(h http.Handler) commercetools.Config {
	return commercetools.Config{
		APIURL:       "https://api.invalid",
		AuthURL:      "https://auth.invalid",
		ProjectKey:   "shop",
		ClientID:     commercetoolstest.ClientID,
		ClientSecret: commercetoolstest.ClientSecret,
		Transport:    inMemory(h),
	}
}

func TestCustomer(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewServer("shop")
	shop.Put("customers", json.RawMessage(`{"id":"c1","email":"a@kunden.example.de","addresses":[{"id":"x","country":"DE"}],"custom":{"fields":{"vip":true}}}`))

	client := commercetools.New(serve(t, shop))

	got, err := client.Customer(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}

	want := commercetools.Customer{
		ID:        "c1",
		Email:     "a@kunden.example.de",
		Addresses: []commercetools.Address{{ID: "x", Country: "DE"}},
		Custom:    &commercetools.Custom{Fields: map[string]json.RawMessage{"vip": json.RawMessage("true")}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("customer (-want +got):\n%s", diff)
	}

	_, err = client.Customer(t.Context(), "c2")
	if !commercetools.IsNotFound(err) {
		t.Errorf("a missing customer: %v", err)
	}

	// One token, two customers.
	if client.Requests() != 3 || shop.Requests() != 3 {
		t.Errorf("sent %d, received %d requests, want 3", client.Requests(), shop.Requests())
	}
}

func TestGetExpands(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewServer("shop")
	shop.Put("categories",
		json.RawMessage(`{"id":"root","name":{"en":"Women"}}`),
		json.RawMessage(`{"id":"leaf","ancestors":[{"typeId":"category","id":"root"}],"parent":{"typeId":"category","id":"root"}}`))

	got, err := commercetools.New(serve(t, shop)).Get(t.Context(), commercetools.Categories, "leaf", "ancestors[*]", "parent")
	if err != nil {
		t.Fatal(err)
	}

	if n := strings.Count(string(got), `"obj":{"id":"root","name":{"en":"Women"}}`); n != 2 {
		t.Errorf("%d of 2 references expanded: %s", n, got)
	}
}

func TestGetRefusesWhatIsNoID(t *testing.T) {
	t.Parallel()

	client := commercetools.New(local(http.NotFoundHandler()))

	for _, id := range []string{"", ".", "..", "key=c1", "email-token=abc", "/", "a/../../orders", `a\b`, "a\nb", "a\x00b", strings.Repeat("a", 1<<20)} {
		if _, err := client.Get(t.Context(), commercetools.Customers, id); !errors.Is(err, commercetools.ErrInvalidID) {
			t.Errorf("id %q: %v", id, err)
		}
	}

	if n := client.Requests(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// An id is one segment of the path, whatever is in it.
func FuzzGet(f *testing.F) {
	for _, id := range []string{"c1", "a/b", "../orders", "?x=1", "#", "%2e%2e", "ü\x00\xff", `\..\`, "a;b", " "} {
		f.Add(id)
	}

	f.Fuzz(func(t *testing.T, id string) {
		var got string

		mux := http.NewServeMux()
		mux.Handle("POST /oauth/token", commercetoolstest.NewServer("shop"))
		mux.HandleFunc("GET /shop/customers/{id}", func(w http.ResponseWriter, r *http.Request) {
			got = r.PathValue("id")
			_, _ = io.WriteString(w, "{}")

			if r.URL.RawQuery != "" {
				t.Errorf("id %q made the query %q", id, r.URL.RawQuery)
			}
		})

		cfg := local(mux)
		// As over the wire: the server sees the request line only.
		cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			seen := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.RequestURI(), r.Body)
			seen.Header = r.Header

			return inMemory(mux)(seen)
		})

		_, err := commercetools.New(cfg).Get(t.Context(), commercetools.Customers, id)
		if err == nil && got != id {
			t.Errorf("asked for %q, the server saw %q", id, got)
		}

		if err != nil && !errors.Is(err, commercetools.ErrInvalidID) {
			t.Errorf("id %q: %v", id, err)
		}
	})
}

func TestErrors(t *testing.T) {
	t.Parallel()

	const operation = "GET /shop/customers"

	tests := map[string]struct {
		fault faulttest.Fault
		want  commercetools.Error
		text  string
	}{
		"commercetools' own": {
			faulttest.Fault{Status: 403, Body: `{"statusCode":403,"message":"Insufficient scope.","errors":[{"code":"insufficient_scope","message":"x"}]}`},
			commercetools.Error{Status: 403, Code: "insufficient_scope", Message: "Insufficient scope."},
			"commercetools: GET /shop/customers: status 403 insufficient_scope: Insufficient scope.",
		},
		"a predicate is not repeated": {
			faulttest.Fault{Status: 400, Body: `{"message":"Malformed parameter: where: email = \"a\\\"b@c.de\" (line 1)","errors":[{"code":"InvalidInput"}]}`},
			commercetools.Error{Status: 400, Code: "InvalidInput", Message: "Malformed parameter: where: email = … (line 1)"},
			"commercetools: GET /shop/customers: status 400 InvalidInput: Malformed parameter: where: email = … (line 1)",
		},
		"nor half of it": {
			faulttest.Fault{Status: 400, Body: `{"message":"at: \"a@b.c","errors":[{"code":"InvalidInput"}]}`},
			commercetools.Error{Status: 400, Code: "InvalidInput", Message: "at: …"},
			"commercetools: GET /shop/customers: status 400 InvalidInput: at: …",
		},
		"a long text": {
			faulttest.Fault{Status: 400, Body: `{"message":"` + strings.Repeat("ü", 200) + `","errors":[{"code":"InvalidInput"}]}`},
			commercetools.Error{Status: 400, Code: "InvalidInput", Message: strings.Repeat("ü", 148) + "…"},
			"commercetools: GET /shop/customers: status 400 InvalidInput: " + strings.Repeat("ü", 148) + "…",
		},
		"a long code": {
			faulttest.Fault{Status: 400, Body: `{"errors":[{"code":"` + strings.Repeat("ü", 1<<19) + `"}]}`},
			commercetools.Error{Status: 400, Code: strings.Repeat("ü", 126) + "…"},
			"commercetools: GET /shop/customers: status 400 " + strings.Repeat("ü", 126) + "…" + ": ",
		},
		"a gateway's HTML": {
			faulttest.Fault{Status: 503, Body: "<html>busy</html>", ContentType: "text/html", RetryAfter: "0"},
			commercetools.Error{Status: 503},
			"commercetools: GET /shop/customers: status 503 Service Unavailable",
		},
		"Retry-After": {
			faulttest.Fault{Status: 404, RetryAfter: "7"},
			commercetools.Error{Status: 404, RetryAfter: 7 * time.Second},
			"commercetools: GET /shop/customers: status 404 Not Found",
		},
		"a redirect is not followed": {
			faulttest.Fault{Status: 302},
			commercetools.Error{Status: 302},
			"commercetools: GET /shop/customers: status 302 Found",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			client := commercetools.Impatient(serve(t, scripted(func(int, *http.Request) faulttest.Fault { return tt.fault })))

			_, err := client.Query(t.Context(), commercetools.Customers,
				commercetools.Query{Where: []commercetools.Predicate{`email = "private@kunden.example.de"`}})

			var got *commercetools.Error
			if !errors.As(err, &got) {
				t.Fatalf("not an Error: %v", err)
			}

			tt.want.Operation = operation
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}

			if err.Error() != tt.text {
				t.Errorf("text %q, want %q", err, tt.text)
			}
		})
	}
}

// What goes wrong below HTTP names no query either, and keeps its cause.
func TestNetworkErrors(t *testing.T) {
	t.Parallel()

	query := commercetools.Query{Where: []commercetools.Predicate{`email = "private@kunden.example.de"`}}
	shop := commercetoolstest.NewServer("shop")

	tests := map[string]struct {
		client *commercetools.Client
		want   error
	}{
		"reset": {client: commercetools.Impatient(serve(t, scripted(func(int, *http.Request) faulttest.Fault {
			return faulttest.Fault{ResetBefore: true}
		}))), want: io.EOF},
		"no connection": {client: commercetools.Impatient(commercetools.Config{
			APIURL: "http://127.0.0.1:1", AuthURL: serve(t, shop).AuthURL, ProjectKey: "shop",
			ClientID: commercetoolstest.ClientID, ClientSecret: commercetoolstest.ClientSecret,
		})},
		"no URL": {client: commercetools.Impatient(commercetools.Config{
			APIURL: "http://[", AuthURL: serve(t, shop).AuthURL, ProjectKey: "shop",
			ClientID: commercetoolstest.ClientID, ClientSecret: commercetoolstest.ClientSecret,
		})},
		"not JSON": {client: commercetools.New(local(scripted(func(int, *http.Request) faulttest.Fault {
			return faulttest.Fault{Status: 200, Body: "<html>"}
		})))},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := tt.client.Query(t.Context(), commercetools.Customers, query)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}

			if !strings.HasPrefix(err.Error(), "commercetools: GET /shop/customers: ") || strings.Contains(err.Error(), "private") {
				t.Errorf("text: %v", err)
			}
		})
	}
}

// A short page must not pass for the last one, nor another resource for the one that was asked for.
func TestMixUps(t *testing.T) {
	t.Parallel()

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/oauth/token"):
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"access_token":"t","token_type":"Bearer","expires_in":3600}`)
		case strings.HasSuffix(r.URL.Path, "/customers"):
			fmt.Fprint(w, `{"limit":100,"results":[]}`)
		default:
			fmt.Fprint(w, `{"status":"maintenance"}`)
		}
	}))
	t.Cleanup(server.Close)

	c := commercetools.New(commercetools.Config{APIURL: server.URL, AuthURL: server.URL, ProjectKey: "p", ClientID: "c", ClientSecret: "s"})

	if _, err := c.Scan(t.Context(), commercetools.Customers, commercetools.Window{}, 500, commercetools.Query{}); err == nil {
		t.Error("a page of 100 passed for one of 500")
	}

	const id = "043cf898-d6f7-4572-b0c9-7e65a577069e"

	for name, fetch := range map[string]func() error{
		"customer":  func() error { _, err := c.Customer(t.Context(), id); return err },
		"order":     func() error { _, err := c.Order(t.Context(), id); return err },
		"payment":   func() error { _, err := c.Payment(t.Context(), id); return err },
		"category":  func() error { _, err := c.Category(t.Context(), id); return err },
		"product":   func() error { _, err := c.PublishedProduct(t.Context(), id); return err },
		"inventory": func() error { _, err := c.InventoryEntry(t.Context(), id); return err },
	} {
		if err := fetch(); err == nil || !strings.Contains(err.Error(), id) {
			t.Errorf("an answer without an id passed for the %s: %v", name, err)
		}
	}
}

// Only commercetools' own 404 to a request for one resource says that this is gone.
func TestIsNotFound(t *testing.T) {
	t.Parallel()

	own := faulttest.Fault{Status: 404, Body: `{"message":"x","errors":[{"code":"ResourceNotFound"}]}`}
	one := func(c *commercetools.Client) error {
		_, err := c.Order(t.Context(), "o1")

		return err
	}
	query := func(c *commercetools.Client) error {
		_, err := c.Query(t.Context(), commercetools.Orders, commercetools.Query{})

		return err
	}

	for name, tt := range map[string]struct {
		path  string
		fault faulttest.Fault
		do    func(*commercetools.Client) error
		want  bool
	}{
		"a resource":                   {"/orders/o1", own, one, true},
		"a resource, not in its words": {"/orders/o1", faulttest.Fault{Status: 404, Body: "<html>"}, one, false},
		"a resource, 403":              {"/orders/o1", faulttest.Fault{Status: 403, Body: own.Body}, one, false},
		"a query":                      {"/orders", own, query, false},
		"a token":                      {"/oauth/token", own, one, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			client := commercetools.New(local(faulttest.Wrap(commercetoolstest.NewServer("shop"), func(r *http.Request) faulttest.Fault {
				if strings.HasSuffix(r.URL.Path, tt.path) {
					return tt.fault
				}

				return faulttest.Fault{}
			})))

			err := tt.do(client)
			if _, ok := errors.AsType[*commercetools.Error](err); !ok || commercetools.IsNotFound(err) != tt.want {
				t.Errorf("IsNotFound(%v) = %t, want %t", err, !tt.want, tt.want)
			}
		})
	}
}
