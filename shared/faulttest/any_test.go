package faulttest_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/faulttest"
)

func TestAny(t *testing.T) {
	t.Parallel()

	roll, kinds := rand.New(rand.NewPCG(1, 2)), map[string]bool{}

	for range 1000 {
		f := faulttest.Any(roll)
		kinds[fmt.Sprintf("%d %s retry %t slow %t before %t after %t silent %t truncated %t", f.Status, f.ContentType, f.RetryAfter != "", f.Delay > 0,
			f.ResetBefore, f.ResetAfter, f.SilentAfter, f.Truncated)] = true
	}

	want := []string{
		"0  retry false slow false before false after false silent false truncated true",
		"0  retry false slow false before false after false silent true truncated false",
		"0  retry false slow false before false after true silent false truncated false",
		"0  retry false slow false before true after false silent false truncated false",
		"0  retry false slow true before false after false silent false truncated false",
		"200 text/html retry false slow false before false after false silent false truncated false",
		"403 text/html retry false slow false before false after false silent false truncated false",
		"429  retry false slow false before false after false silent false truncated false",
		"429  retry true slow false before false after false silent false truncated false",
		"500  retry false slow false before false after false silent false truncated false",
		"503  retry false slow false before false after false silent false truncated false",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(kinds))); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestSpoil(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		roll, seen := rand.New(rand.NewPCG(1, 2)), map[string]bool{}

		for range 100 {
			called, began := false, time.Now()
			err := faulttest.Spoil(roll, func() error {
				called = true

				return nil
			})
			seen[fmt.Sprintf("called %t, failed %t, slow %t", called, errors.Is(err, faulttest.ErrOutOfOrder), time.Since(began) > 0)] = true
		}

		want := []string{"called false, failed true, slow false", "called true, failed false, slow true", "called true, failed true, slow false"}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(seen))); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestAbout(t *testing.T) {
	t.Parallel()

	for want, r := range map[string]*http.Request{
		"GET http://peer.example/a?b=c":      httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://peer.example/a?b=c", nil),
		"POST http://peer.example/a {\"b\"}": httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://peer.example/a", strings.NewReader(`{"b"}`)),
	} {
		if got := strings.TrimSpace(faulttest.About(r)); got != want {
			t.Errorf("about = %q, want %q", got, want)
		}

		if body, err := io.ReadAll(r.Body); err != nil || !strings.HasSuffix(want, string(body)) {
			t.Errorf("%s: left are %q, %v", want, body, err)
		}
	}
}
