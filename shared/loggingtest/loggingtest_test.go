package loggingtest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

func TestFind(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]bool{
		`{"error":"no profile of ann.arbor+1@example.org"}`:              true,
		`GET /api/profiles?filter=equals(email,%22ann%40example.org%22)`: true,
		`"phone_number": "+4915123456789"`:                               true,
		`+49 (0)151 2345-678`:                                            true,
		`0151 23456789`:                                                  true,
		`{"name":"Ann"}`:                                                 true,
		`Ann`:                                                            true,
		`O'Brien, Sunset Boulevard`:                                      true,
		`太郎`:                                                             true,
		`Authorization: Bearer abc`:                                      true,
		`Klaviyo-API-Key x`:                                              true,
		`the key pk_demo is wrong`:                                       true,
		`a token JBSWY3DPEHPK3PXPJBSWY3DPEH`:                             true,
		`{"secret":"` + commercetoolstest.ClientSecret + `"}`:            true,
		`Annual report of Annapolis`:                                     false,
		`{"resource_id":"043cf898-d6f7-4572-0123-456789012345"}`:         false,
		`{"time":"2026-01-02T03:04:05.123456789+01:00","milliseconds":079}`: false,
		`push@my-project.iam.gserviceaccount.com may not publish`:           false,
		`/root/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.26.linux/x.go:12`: false,
		`klaviyo: POST /api/profiles: status 400, invalid at /data/email`:   false,
	} {
		if got := loggingtest.Find(text); (got != "") != want {
			t.Errorf("%s: found %q, want something: %t", text, got, want)
		}
	}
}

// Each part of a generated customer is known.
func TestFindsTheGeneratedShop(t *testing.T) {
	t.Parallel()

	for i, customer := range commercetoolstest.Customers(1, 200) {
		var c struct {
			Email, FirstName, LastName string
			Addresses                  []struct{ StreetName string }
		}
		decode(t, customer, &c)

		personal := []string{c.Email, c.FirstName, c.LastName}
		for _, a := range c.Addresses {
			personal = append(personal, a.StreetName)
		}

		for _, p := range personal {
			if p = strings.TrimSpace(p); p != "" && loggingtest.Find("a line with "+p+".") == "" {
				t.Errorf("customer %d: %q is not found", i, p)
			}
		}
	}
}

// watched is a test that must fail.
type watched struct {
	testing.TB
	errors   []string
	cleanups []func()
}

func (w *watched) Helper()           {}
func (w *watched) Cleanup(f func())  { w.cleanups = append(w.cleanups, f) }
func (w *watched) Error(args ...any) { w.errors = append(w.errors, fmt.Sprint(args...)) }
func TestTheTestFails(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		write func(*watched)
		want  int
	}{
		"a field":           {func(w *watched) { loggingtest.New(w).Info("saved", "resource_id", "c1", "about", "ann@example.org") }, 1},
		"at debug":          {func(w *watched) { loggingtest.New(w).Debug("pk_demo") }, 1},
		"ids":               {func(w *watched) { loggingtest.New(w).Error("saved", "resource_id", "c1") }, 0},
		"in two pieces":     {func(w *watched) { write(w, `{"a":"ann@`, "example.org\"}\n") }, 1},
		"without an end":    {func(w *watched) { write(w, "ok\n", "ann@example.org") }, 1},
		"thousands of them": {func(w *watched) { write(w, strings.Repeat("pk_demo\n", 1000)) }, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := &watched{TB: t}
			tt.write(w)

			for _, f := range w.cleanups {
				f()
			}

			if len(w.errors) != tt.want {
				t.Errorf("it fails with %q, want %d errors", w.errors, tt.want)
			}
		})
	}
}

func write(w *watched, pieces ...string) {
	to := loggingtest.Writer(w)
	for _, p := range pieces {
		_, _ = io.WriteString(to, p)
	}
}

func decode(t *testing.T, raw json.RawMessage, into any) {
	t.Helper()

	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}
