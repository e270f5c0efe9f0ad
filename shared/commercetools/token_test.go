package commercetools_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
)

// grants is a token service that grants t1, t2, … and an API that takes those it is told to.
type grants struct {
	mu sync.Mutex
	// granted and asked count the requests for tokens and to the API.
	granted, asked int
	takes          func(token string) bool
}

func (g *grants) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()

	w.Header().Set("Content-Type", "application/json")

	if r.URL.Path == "/oauth/token" {
		g.granted++
		fmt.Fprintf(w, `{"access_token":"t%d","token_type":"Bearer","expires_in":3600}`, g.granted)

		return
	}

	g.asked++

	if token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); !g.takes(token) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"statusCode":401,"message":"invalid_token","errors":[{"code":"invalid_token"}]}`)

		return
	}

	_, _ = io.WriteString(w, `{"id":"c1"}`)
}

func anyToken(string) bool { return true }

func TestTokenIsFetchedOnce(t *testing.T) {
	t.Parallel()

	g := &grants{takes: anyToken}
	client := commercetools.New(local(g))

	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := client.Get(t.Context(), commercetools.Customers, "c1"); err != nil {
				t.Error(err)
			}
		})
	}

	wg.Wait()

	if g.granted != 1 || g.asked != 50 {
		t.Errorf("%d tokens for %d requests, want 1 for 50", g.granted, g.asked)
	}
}

func TestTokenIsRenewed(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		takes          func(string) bool
		status         int
		granted, asked int
	}{
		"withdrawn": {func(token string) bool { return token != "t1" }, 0, 2, 2},
		"refused":   {func(string) bool { return false }, http.StatusUnauthorized, 2, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			g := &grants{takes: tt.takes}
			_, err := commercetools.New(local(g)).Get(t.Context(), commercetools.Customers, "c1")

			var refusal *commercetools.Error
			if errors.As(err, &refusal); err != nil && refusal == nil || refusal != nil && refusal.Status != tt.status || err == nil && tt.status != 0 {
				t.Errorf("error %v, want status %d", err, tt.status)
			}

			if g.granted != tt.granted || g.asked != tt.asked {
				t.Errorf("%d tokens, %d requests; want %d, %d", g.granted, g.asked, tt.granted, tt.asked)
			}
		})
	}
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &grants{takes: anyToken}
		client := commercetools.New(local(g))

		for _, wait := range []time.Duration{0, 59 * time.Minute, time.Minute} {
			time.Sleep(wait)

			if _, err := client.Get(t.Context(), commercetools.Customers, "c1"); err != nil {
				t.Fatal(err)
			}
		}

		if g.granted != 2 || g.asked != 3 {
			t.Errorf("%d tokens for %d requests, want 2 for 3", g.granted, g.asked)
		}
	})
}

// A caller that gives up takes no other caller with it, and one that waits for another's token can give up too.
func TestTokenAndContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := true
		g := &grants{takes: anyToken}
		client := commercetools.New(local(faulttest.Wrap(g, func(*http.Request) (f faulttest.Fault) {
			if first {
				f.Delay = time.Minute
			}

			first = false

			return f
		})))

		get := func(ctx context.Context, patience time.Duration, want error) func() {
			ctx, cancel := context.WithTimeout(ctx, patience)

			return func() {
				defer cancel()

				if _, err := client.Get(ctx, commercetools.Customers, "c1"); !errors.Is(err, want) {
					t.Errorf("patience %v: error %v, want %v", patience, err, want)
				}
			}
		}

		var wg sync.WaitGroup

		wg.Go(get(t.Context(), 10*time.Second, context.DeadlineExceeded))
		synctest.Wait()
		wg.Go(get(t.Context(), 5*time.Second, context.DeadlineExceeded))
		wg.Go(get(t.Context(), 15*time.Second, nil))
		wg.Wait()

		if g.granted != 1 || g.asked != 1 {
			t.Errorf("%d tokens, %d requests; want 1, 1", g.granted, g.asked)
		}
	})
}

func TestTokenRequest(t *testing.T) {
	t.Parallel()

	var form, user, password string

	g := &grants{takes: anyToken}
	cfg := local(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			form = string(body)
			user, password, _ = r.BasicAuth()
		}

		g.ServeHTTP(w, r)
	}))
	cfg.Scopes = []string{"view_customers:shop", "view_orders:shop"}

	if _, err := commercetools.New(cfg).Get(t.Context(), commercetools.Customers, "c1"); err != nil {
		t.Fatal(err)
	}

	want := "grant_type=client_credentials&scope=view_customers%3Ashop+view_orders%3Ashop"
	if form != want || user != commercetoolstest.ClientID || password != commercetoolstest.ClientSecret {
		t.Errorf("form %q of %s, want %q", form, user, want)
	}
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()

	const secret = "the-wrong-secret"

	tests := map[string]struct {
		fault faulttest.Fault
		want  commercetools.Error
		sent  int64
	}{
		"wrong secret": {
			faulttest.Fault{},
			commercetools.Error{Status: 401, Code: "invalid_client", Message: "Please provide valid client credentials using HTTP Basic Authentication."},
			1,
		},
		"OAuth's own fields": {
			faulttest.Fault{Status: 400, Body: `{"error":"invalid_scope","error_description":"Unknown scope."}`, ContentType: "application/json"},
			commercetools.Error{Status: 400, Code: "invalid_scope", Message: "Unknown scope."},
			1,
		},
		"busy": {
			faulttest.Fault{Status: 503, Body: "<html>" + secret, ContentType: "text/html", RetryAfter: "0"},
			commercetools.Error{Status: 503},
			5,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			cfg := local(faulttest.Wrap(commercetoolstest.NewServer("shop"), func(*http.Request) faulttest.Fault { return tt.fault }))
			cfg.ClientSecret = secret
			client := commercetools.Impatient(cfg)

			_, err := client.Get(t.Context(), commercetools.Customers, "c1")

			var got *commercetools.Error
			if !errors.As(err, &got) {
				t.Fatalf("not an Error: %v", err)
			}

			tt.want.Operation, tt.want.Token = "POST /oauth/token", true
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}

			if strings.Contains(err.Error(), secret) || client.Requests() != tt.sent {
				t.Errorf("%d requests, want %d: %v", client.Requests(), tt.sent, err)
			}
		})
	}
}

// A redirect would carry the password to where it points.
func TestTokenRedirect(t *testing.T) {
	t.Parallel()

	client := commercetools.New(serve(t, http.RedirectHandler("/auth/elsewhere", http.StatusTemporaryRedirect)))

	_, err := client.Get(t.Context(), commercetools.Customers, "c1")

	var got *commercetools.Error
	if !errors.As(err, &got) || got.Status != http.StatusTemporaryRedirect || client.Requests() != 1 {
		t.Errorf("%d requests, want 1: %v", client.Requests(), err)
	}
}

// A token answer that can't be read is an error without what it held.
func TestTokenUnreadable(t *testing.T) {
	t.Parallel()

	for _, body := range []string{`{"access_token":"secret-1"`, `{"token":"secret-1"}`, `secret-1`} {
		client := commercetools.Impatient(local(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, body)
		})))

		_, err := client.Get(t.Context(), commercetools.Customers, "c1")
		if err == nil || strings.Contains(err.Error(), "secret-1") {
			t.Errorf("error %v", err)
		}
	}
}
