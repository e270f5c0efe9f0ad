package klaviyo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/loggingtest"
	"github.com/ctklaviyo/connector/shared/retry"
)

func TestRepeats(t *testing.T) {
	t.Parallel()

	tests := []struct {
		status, requests int
	}{
		{http.StatusTooManyRequests, 4},
		{http.StatusInternalServerError, 4},
		{http.StatusBadGateway, 4},
		{http.StatusServiceUnavailable, 4},
		{http.StatusGatewayTimeout, 4},
		{524, 4},
		{http.StatusBadRequest, 1},
		{http.StatusUnauthorized, 1},
		{http.StatusForbidden, 1},
		{http.StatusNotFound, 1},
		{http.StatusConflict, 1},
		{http.StatusRequestEntityTooLarge, 1},
	}

	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				var bodies []string

				c := client(inMemory(func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					bodies = append(bodies, string(body))
					answer(w, tt.status, "")
				}))

				_, err := c.UpsertProfile(t.Context(), ann())
				if apiError(t, err).Status != tt.status || c.Requests() != int64(tt.requests) {
					t.Errorf("error %v after %d requests", err, c.Requests())
				}

				if len(slices.Compact(bodies)) != 1 || bodies[0] == "" {
					t.Errorf("the bodies differ: %q", bodies)
				}
			})
		})
	}
}

// breaking is a body that breaks off.
type breaking struct{ io.Reader }

func (b breaking) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}

	return n, err
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestNetworkErrorsAreRepeated(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		good := inMemory(func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, created) })

		c := client(roundTrip(func(req *http.Request) (*http.Response, error) {
			attempts++

			switch attempts {
			case 1:
				return nil, io.ErrUnexpectedEOF
			case 2: // no answer at all
				<-req.Context().Done()

				return nil, req.Context().Err()
			case 3:
				resp, err := good.RoundTrip(req)
				resp.Body = io.NopCloser(breaking{strings.NewReader(`{"data":`)})

				return resp, err
			}

			return good.RoundTrip(req)
		}))

		if id, err := c.UpsertProfile(t.Context(), ann()); err != nil || id != "01P" || attempts != 4 {
			t.Errorf("id %q, error %v after %d attempts", id, err, attempts)
		}
	})
}

// A refusal is one even when its text breaks off, and it says when to come again.
func TestRefusalsThatBreakOff(t *testing.T) {
	t.Parallel()

	for status, want := range map[int]struct {
		requests int64
		took     time.Duration
		// another is how many requests a caller in a hurry sends then.
		another int64
	}{
		http.StatusTooManyRequests: {4, 90 * time.Second, 0},
		http.StatusBadRequest:      {1, 0, 1},
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				refuses := inMemory(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", "30")
					answer(w, status, "")
				})

				c := client(roundTrip(func(req *http.Request) (*http.Response, error) {
					resp, err := refuses.RoundTrip(req)
					resp.Body = io.NopCloser(breaking{strings.NewReader(`{"errors":`)})

					return resp, err
				}))

				begin := time.Now()

				_, err := c.UpsertProfile(t.Context(), ann())
				if e := apiError(t, err); e.Status != status || e.RetryAfter != 30*time.Second || e.Code() != "" {
					t.Errorf("error %v, to come again after %v", err, e.RetryAfter)
				}

				if c.Requests() != want.requests || time.Since(begin) != want.took {
					t.Errorf("%d requests in %v, want %d in %v", c.Requests(), time.Since(begin), want.requests, want.took)
				}

				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()

				if _, err := c.UpsertProfile(ctx, ann()); c.Requests() != want.requests+want.another {
					t.Errorf("%d requests after another call, which gave %v", c.Requests(), err)
				}
			})
		})
	}
}

// What Klaviyo's side has sent stays out of the error, however broken it is.
func TestGarbageIsNotQuoted(t *testing.T) {
	t.Parallel()

	for name, text := range loggingtest.Garbage() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				c := klaviyo.New(klaviyo.Config{APIURL: "http://klaviyo.test", AuthKey: key, Transport: loggingtest.Babbler(text)})

				_, err := c.UpsertProfile(t.Context(), ann())
				if _, unanswered := errors.AsType[*retry.UnansweredError](err); !unanswered || c.Requests() != 4 {
					t.Fatalf("error %v after %d requests", err, c.Requests())
				}

				loggingtest.New(t).ErrorContext(t.Context(), "not saved", "error", err)
			})
		})
	}
}
