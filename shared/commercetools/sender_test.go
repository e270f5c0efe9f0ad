package commercetools_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
	"github.com/ctklaviyo/connector/shared/retry"
)

func TestRepeats(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		fault faulttest.Fault
		sent  int
	}{
		"400":   {faulttest.Fault{Status: 400}, 1},
		"403":   {faulttest.Fault{Status: 403}, 1},
		"404":   {faulttest.Fault{Status: 404}, 1},
		"409":   {faulttest.Fault{Status: 409}, 1},
		"501":   {faulttest.Fault{Status: 501}, 1},
		"429":   {faulttest.Fault{Status: 429}, 5},
		"500":   {faulttest.Fault{Status: 500}, 5},
		"502":   {faulttest.Fault{Status: 502}, 5},
		"503":   {faulttest.Fault{Status: 503}, 5},
		"504":   {faulttest.Fault{Status: 504}, 5},
		"reset": {faulttest.Fault{ResetBefore: true}, 5},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			sent := 0
			client := commercetools.Impatient(local(scripted(func(n int, _ *http.Request) faulttest.Fault {
				sent = n

				return tt.fault
			})))

			if _, err := client.Get(t.Context(), commercetools.Customers, "c1"); err == nil {
				t.Error("no error")
			}

			if sent != tt.sent || client.Requests() != int64(tt.sent)+1 {
				t.Errorf("sent %d times, want %d; %d requests in all", sent, tt.sent, client.Requests())
			}
		})
	}
}

func TestRepeatSucceeds(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewServer("shop")
	shop.Put("customers", json.RawMessage(`{"id":"c1"}`))

	faults := []faulttest.Fault{{ResetBefore: true}, {Status: 503, Body: "<html>"}, {ResetAfter: true}, {}, {Status: 502}}

	var n atomic.Int64

	// The first and the second of them hit the token request.
	client := commercetools.Impatient(serve(t, faulttest.Wrap(shop, func(*http.Request) faulttest.Fault {
		return faults[int(n.Add(1)-1)%len(faults)]
	})))

	got, err := client.Get(t.Context(), commercetools.Customers, "c1")
	if err != nil || string(got) != `{"id":"c1"}` {
		t.Errorf("got %s, %v", got, err)
	}
}

// A body that breaks off is fetched again, packed or not.
func TestTruncatedBody(t *testing.T) {
	t.Parallel()

	whole := []byte(`{"id":"c1","firstName":"` + strings.Repeat("x", 4096) + `"}`)

	var packed bytes.Buffer

	zipper := gzip.NewWriter(&packed)
	_, _ = zipper.Write(whole)
	_ = zipper.Close()

	for encoding, body := range map[string][]byte{"identity": whole, "gzip": packed.Bytes()} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()

			mux := http.NewServeMux()
			mux.Handle("POST /oauth/token", commercetoolstest.NewServer("shop"))

			var n atomic.Int64

			mux.HandleFunc("GET /shop/customers/c1", func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Accept-Encoding"); got != "gzip" {
					t.Errorf("Accept-Encoding %q", got)
				}

				w.Header().Set("Content-Encoding", encoding)
				w.Header().Set("Content-Length", strconv.Itoa(len(body)))

				if n.Add(1) == 3 {
					_, _ = w.Write(body)
				} else {
					_, _ = w.Write(body[:len(body)-5])
				}
			})

			got, err := commercetools.Impatient(serve(t, mux)).Get(t.Context(), commercetools.Customers, "c1")
			if err != nil || !bytes.Equal(got, whole) || n.Load() != 3 {
				t.Errorf("%d bytes after %d requests, want 3: %v", len(got), n.Load(), err)
			}
		})
	}
}

func TestPauses(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		// busy is how often the answer is 503, before it is 404.
		busy        int
		retryAfter  string
		deadline    time.Duration
		status      int
		least, most time.Duration
	}{
		"backoff":                  {busy: 4, deadline: time.Hour, status: 404, least: 4, most: 3750 * time.Millisecond},
		"Retry-After":              {busy: 2, retryAfter: "20", deadline: time.Hour, status: 404, least: 40 * time.Second, most: 40 * time.Second},
		"the deadline comes first": {busy: 2, retryAfter: "20", deadline: 30 * time.Second, status: 503, least: 20 * time.Second, most: 20 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()

				handler := scripted(func(n int, _ *http.Request) faulttest.Fault {
					if n > tt.busy {
						return faulttest.Fault{Status: 404}
					}

					return faulttest.Fault{Status: 503, RetryAfter: tt.retryAfter}
				})

				start := time.Now()
				_, err := commercetools.New(local(handler)).Get(ctx, commercetools.Customers, "c1")
				took := time.Since(start)

				var answer *commercetools.Error
				if !errors.As(err, &answer) || answer.Status != tt.status || took < tt.least || took > tt.most {
					t.Errorf("after %v, want %v to %v: %v, want status %d", took, tt.least, tt.most, err, tt.status)
				}
			})
		})
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]faulttest.Fault{
		"while waiting for an answer": {Delay: time.Minute},
		"while pausing":               {Status: 503, RetryAfter: "60"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)

				start := time.Now()
				client := commercetools.New(local(scripted(func(int, *http.Request) faulttest.Fault { return fault })))

				_, err := client.Get(ctx, commercetools.Customers, "c1")
				if took := time.Since(start); took != time.Second || !errors.Is(err, context.Canceled) {
					t.Errorf("after %v: %v", took, err)
				}
			})
		})
	}
}

// An answer that stalls in its middle ends the attempt, though the caller has no deadline.
func TestStalledBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		shop := commercetoolstest.NewServer("shop")
		shop.Put("customers", json.RawMessage(`{"id":"c1"}`))

		cfg := local(shop)
		answer := cfg.Transport
		cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := answer.RoundTrip(r)
			if n++; n == 2 {
				resp.Body = stalled{r.Context()}
			}

			return resp, err
		})

		if _, err := commercetools.New(cfg).Get(t.Context(), commercetools.Customers, "c1"); err != nil || n != 3 {
			t.Errorf("%d requests, want 3: %v", n, err)
		}
	})
}

// stalled is a body that never comes.
type stalled struct{ ctx context.Context } //nolint:containedctx // the request's, as a real body has it

func (s stalled) Read([]byte) (int, error) {
	<-s.ctx.Done()

	return 0, s.ctx.Err()
}

func (s stalled) Close() error { return nil }

// The default transport packs and reuses: 20 requests one after the other take one connection.
func TestConnectionIsReused(t *testing.T) {
	t.Parallel()

	var (
		peers sync.Map
		count atomic.Int64
	)

	shop := commercetoolstest.NewServer("shop")
	client := commercetools.New(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, known := peers.LoadOrStore(r.RemoteAddr, true); !known {
			count.Add(1)
		}

		shop.ServeHTTP(w, r)
	})))

	for range 20 {
		if _, err := client.Get(t.Context(), commercetools.Customers, "c1"); !commercetools.IsNotFound(err) {
			t.Fatal(err)
		}
	}

	if n := count.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// What commercetools' side has sent stays out of the error, however broken it is: of a resource as of a token.
func TestGarbageIsNotQuoted(t *testing.T) {
	t.Parallel()

	for name, text := range loggingtest.Garbage() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			good := local(commercetoolstest.NewServer("shop"))
			bad := loggingtest.Babbler(text)

			for what, part := range map[string]string{"token": "/oauth/token", "resource": "/shop/customers"} {
				cfg := good
				cfg.APIURL, cfg.AuthURL = "http://api.invalid", "http://auth.invalid"
				cfg.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
					if strings.HasPrefix(req.URL.Path, part) {
						return bad.RoundTrip(req)
					}

					return good.Transport.RoundTrip(req)
				})

				_, err := commercetools.Impatient(cfg).Get(t.Context(), commercetools.Customers, "c1")
				if _, unanswered := errors.AsType[*retry.UnansweredError](err); !unanswered {
					t.Fatalf("%s: error %v", what, err)
				}

				loggingtest.New(t).ErrorContext(t.Context(), "not read", "error", err)
			}
		})
	}
}
