package faulttest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/faulttest"
)

// seen is what a client and the handler behind the faults saw.
type seen struct {
	Cut        bool
	Status     int
	Body       string
	RetryAfter string
	Handled    int
}

func TestWrap(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		fault faulttest.Fault
		want  seen
	}{
		"nothing": {faulttest.Fault{}, seen{Status: 200, Body: "question", Handled: 1}},
		"status": {
			faulttest.Fault{Status: 503, RetryAfter: "3", Body: "<html>", ContentType: "text/html"},
			seen{Status: 503, Body: "<html>", RetryAfter: "3"},
		},
		"before": {faulttest.Fault{ResetBefore: true}, seen{Cut: true}},
		"after":  {faulttest.Fault{ResetAfter: true}, seen{Cut: true, Handled: 1}},
		"half":   {faulttest.Fault{Truncated: true}, seen{Cut: true, Status: 200, Body: "ques", Handled: 1}},
		"late":   {faulttest.Fault{Delay: time.Millisecond}, seen{Status: 200, Body: "question", Handled: 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tt.want, ask(t, tt.fault)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// ask sends one request over the network to a handler that echoes.
func ask(t *testing.T, fault faulttest.Fault) seen {
	t.Helper()

	var (
		s       seen
		handled atomic.Int64
	)

	server := httptest.NewServer(faulttest.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handled.Add(1)

		_, _ = io.Copy(w, r.Body)
	}), func(*http.Request) faulttest.Fault { return fault }))
	defer server.Close()

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("question"))
	if err != nil {
		t.Fatal(err)
	}

	resp, err := server.Client().Do(req)

	s.Handled = int(handled.Load())

	if err != nil {
		s.Cut = true

		return s
	}
	defer resp.Body.Close()

	body, err := io.ReadAll(resp.Body)
	s.Cut = err != nil
	s.Status, s.Body, s.RetryAfter = resp.StatusCode, string(body), resp.Header.Get("Retry-After")

	return s
}

func TestDelay(t *testing.T) {
	t.Parallel()

	delayed := faulttest.Fault{Delay: time.Minute, Status: http.StatusTeapot}

	serve := func(t *testing.T, fault faulttest.Fault, patience time.Duration) (status int, took time.Duration, aborted any) {
		t.Helper()

		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()

		start := time.Now()

		defer func() { took, aborted = time.Since(start), recover() }()

		handled, w := false, httptest.NewRecorder()
		handler := faulttest.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { handled = true }),
			func(*http.Request) faulttest.Fault { return fault })

		defer func() {
			if handled != fault.SilentAfter {
				t.Errorf("handled: %t", handled)
			}
		}()

		handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))

		return w.Code, 0, nil
	}

	synctest.Test(t, func(t *testing.T) {
		if status, took, aborted := serve(t, delayed, time.Hour); status != http.StatusTeapot || took != time.Minute || aborted != nil {
			t.Errorf("status %d after %v, %v", status, took, aborted)
		}

		_, took, aborted := serve(t, delayed, time.Second)
		if err, ok := aborted.(error); !ok || !errors.Is(err, http.ErrAbortHandler) || took != time.Second {
			t.Errorf("the client left: %v after %v", aborted, took)
		}

		_, took, aborted = serve(t, faulttest.Fault{SilentAfter: true}, time.Second)
		if err, ok := aborted.(error); !ok || !errors.Is(err, http.ErrAbortHandler) || took != time.Second {
			t.Errorf("no answer: %v after %v", aborted, took)
		}
	})
}
