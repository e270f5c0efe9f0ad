package retry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/googleapis/gax-go/v2"

	"github.com/ctklaviyo/connector/shared/retry"
)

var errNetwork = errors.New("connection reset")

// policy pauses for at most 100 ms, then at most 200 ms.
func policy() retry.Policy {
	return retry.Policy{
		Attempts: 3,
		Backoff:  gax.Backoff{Initial: 100 * time.Millisecond, Max: time.Second, Multiplier: 2},
		Statuses: []int{http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}
}

// service gives its answers one after the other, the last one for ever, and keeps the bodies it gave.
type service struct {
	answers []answer
	calls   int
	bodies  []*body
}

type answer struct {
	status     int
	retryAfter string
	err        error
}

func (s *service) attempt(context.Context) (*http.Response, error) {
	a := s.answers[min(s.calls, len(s.answers)-1)]
	s.calls++

	if a.err != nil {
		return nil, a.err
	}

	b := &body{Reader: strings.NewReader(strings.Repeat("x", 10_000))}
	s.bodies = append(s.bodies, b)

	header := http.Header{}
	if a.retryAfter != "" {
		header.Set("Retry-After", a.retryAfter)
	}

	return &http.Response{StatusCode: a.status, Header: header, Body: b}, nil
}

// body tells whether it was read to its end and closed, without which its connection can't be used again.
type body struct {
	*strings.Reader

	closed bool
}

func (b *body) Close() error {
	b.closed = true

	return nil
}

func (b *body) done() bool { return b.closed && b.Len() == 0 }

type doTest struct {
	answers  []answer
	attempts int // 0: the policy's
	status   int // 0: an error
	err      error
	// unanswered tells that the error is an UnansweredError.
	unanswered bool
	calls      int
	least      time.Duration // how long it takes
	most       time.Duration
}

func TestDo(t *testing.T) {
	t.Parallel()

	tests := map[string]doTest{
		"success":                    {answers: []answer{{status: 200}}, status: 200, calls: 1},
		"not worth another":          {answers: []answer{{status: 400}}, status: 400, calls: 1},
		"another 5xx":                {answers: []answer{{status: 500}}, status: 500, calls: 1},
		"success after a 503":        {answers: []answer{{status: 503}, {status: 200}}, status: 200, calls: 2, most: 100 * time.Millisecond},
		"success after an error":     {answers: []answer{{err: errNetwork}, {status: 200}}, status: 200, calls: 2, most: 100 * time.Millisecond},
		"400 after a 503":            {answers: []answer{{status: 503}, {status: 400}}, status: 400, calls: 2, most: 100 * time.Millisecond},
		"503 for ever":               {answers: []answer{{status: 503}}, status: 503, calls: 3, most: 300 * time.Millisecond},
		"errors for ever":            {answers: []answer{{err: errNetwork}}, err: errNetwork, unanswered: true, calls: 3, most: 300 * time.Millisecond},
		"503, then an error":         {answers: []answer{{status: 503}, {err: errNetwork}}, err: errNetwork, unanswered: true, calls: 3, most: 300 * time.Millisecond},
		"a final error":              {answers: []answer{{err: retry.Final(errNetwork)}}, err: errNetwork, calls: 1},
		"a final error, wrapped":     {answers: []answer{{err: fmt.Errorf("sent: %w", retry.Final(errNetwork))}}, err: errNetwork, calls: 1},
		"Retry-After is waited for":  {answers: []answer{{status: 429, retryAfter: "7"}, {status: 200}}, status: 200, calls: 2, least: 7 * time.Second, most: 7 * time.Second},
		"Retry-After each time":      {answers: []answer{{status: 429, retryAfter: "7"}}, status: 429, calls: 3, least: 14 * time.Second, most: 14 * time.Second},
		"Retry-After for years":      {answers: []answer{{status: 429, retryAfter: "9223372036854775807"}, {status: 200}}, status: 200, calls: 2, least: 2 * time.Minute, most: 2 * time.Minute},
		"Retry-After of a success":   {answers: []answer{{status: 200, retryAfter: "7"}}, status: 200, calls: 1},
		"a shorter Retry-After":      {answers: []answer{{status: 429, retryAfter: "0"}, {status: 200}}, status: 200, calls: 2, least: 1, most: 100 * time.Millisecond},
		"only one attempt":           {answers: []answer{{status: 503}}, attempts: 1, status: 503, calls: 1},
		"as many attempts as wanted": {answers: []answer{{status: 503}}, attempts: 20, status: 503, calls: 20, most: 19 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, tt.run)
		})
	}
}

func (tt doTest) run(t *testing.T) {
	p := policy()
	if tt.attempts > 0 {
		p.Attempts = tt.attempts
	}

	s, start := &service{answers: tt.answers}, time.Now()
	status, err := do(t.Context(), t, p, s)

	if status != tt.status || !errors.Is(err, tt.err) {
		t.Errorf("got %d, %v, want %d, %v", status, err, tt.status, tt.err)
	}

	if _, marked := errors.AsType[*retry.UnansweredError](err); marked != tt.unanswered {
		t.Errorf("error = %T, want it marked: %t", err, tt.unanswered)
	}

	if s.calls != tt.calls {
		t.Errorf("%d attempts, want %d", s.calls, tt.calls)
	}

	if took := time.Since(start); took < tt.least || took > tt.most {
		t.Errorf("took %s, want %s to %s", took, tt.least, tt.most)
	}
}

// do returns the status that Do ended with; it checks that the last body, and only that one, is left to the caller.
func do(ctx context.Context, t *testing.T, p retry.Policy, s *service) (int, error) {
	t.Helper()

	resp, err := retry.Do(ctx, p, s.attempt)
	status := 0

	if resp != nil {
		defer resp.Body.Close()

		status = resp.StatusCode

		if data, err := io.ReadAll(resp.Body); err != nil || len(data) != 10_000 {
			t.Errorf("the last body has %d bytes, %v", len(data), err)
		}
	}

	for i, b := range s.bodies {
		if last := resp != nil && i == len(s.bodies)-1; b.done() == last {
			t.Errorf("body %d of %d: done %t", i+1, len(s.bodies), b.done())
		}
	}

	return status, err
}

// A pause that can't end in time isn't begun: the caller hears at once, and can hand the work back.
func TestDoneAtOnceWhenThePauseWouldOutlastTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()

		start := time.Now()
		s := &service{answers: []answer{{status: 429, retryAfter: "9"}, {status: 503, retryAfter: "9"}}}

		status, err := do(ctx, t, policy(), s)
		if status != http.StatusServiceUnavailable || err != nil {
			t.Errorf("got %d, %v, want the second answer", status, err)
		}

		if took := time.Since(start); took != 9*time.Second {
			t.Errorf("took %s, want only the first pause", took)
		}
	})
}

func TestAContextThatEndsWhileItPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()

		time.AfterFunc(3*time.Second, cancel)

		s := &service{answers: []answer{{status: 429, retryAfter: "60"}}}

		status, err := do(ctx, t, policy(), s)
		if status != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("got %d, %v", status, err)
		}

		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestAnEndedContextMakesAnErrorTheLast(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	s := &service{answers: []answer{{err: errNetwork}}}
	_, err := do(ctx, t, policy(), s)
	if _, marked := errors.AsType[*retry.UnansweredError](err); !errors.Is(err, errNetwork) || marked || s.calls != 1 {
		t.Errorf("got %T %v after %d attempts", err, err, s.calls)
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()

	const most = 9223372036 * time.Second // what a Duration holds

	tests := map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"30":                            30 * time.Second,
		"-5":                            0,
		"1.5":                           0,
		"soon":                          0,
		"9223372037":                    most,
		"9223372036854775807":           most,
		"99999999999999999999":          0,
		"Sat, 01 Jan 2000 00:01:00 GMT": time.Minute, // a bubble begins with the year 2000
		"Fri, 31 Dec 1999 23:00:00 GMT": 0,
	}
	for value, want := range tests {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if got := retry.After(http.Header{"Retry-After": {value}}); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		})
	}

	if got := retry.After(http.Header{}); got != 0 {
		t.Errorf("without the header: %s", got)
	}
}
