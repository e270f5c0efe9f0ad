package retry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/ctklaviyo/connector/shared/loggingtest"
	"github.com/ctklaviyo/connector/shared/retry"
)

// net/http quotes what it can't read, and that may name a person.
func TestGarbageIsNotQuoted(t *testing.T) {
	t.Parallel()

	for name, text := range loggingtest.Garbage() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := loggingtest.Babbler(text)

				_, err := retry.Do(t.Context(), policy(), func(ctx context.Context) (*http.Response, error) { //nolint:bodyclose // there is none
					req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://peer.example/", http.NoBody)
					if err != nil {
						return nil, err
					}

					return transport.RoundTrip(req)
				})
				if err == nil {
					t.Fatal("no error")
				}

				loggingtest.Check(t, err.Error())

				// What is wrong is still said.
				if strings.Contains(err.Error(), `"`) || len(err.Error()) < len("bad Content-Length") {
					t.Errorf("the error is %v", err)
				}
			})
		})
	}
}

// Whoever decides on an error still finds what it is about.
func TestWhatIsQuotedIsStillFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{answers: []answer{{err: fmt.Errorf(`dial "ann@shop.example.org": %w`, syscall.ECONNREFUSED)}}}

		_, err := do(t.Context(), t, policy(), s)
		if !errors.Is(err, syscall.ECONNREFUSED) || err.Error() != "dial …" {
			t.Errorf("the error is %v", err)
		}
	})
}
