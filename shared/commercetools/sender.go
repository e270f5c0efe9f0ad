package commercetools

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/googleapis/gax-go/v2"

	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/retry"
)

const (
	// attemptTime ends an attempt whose answer stalls, so that a caller without a deadline can't hang for good.
	attemptTime = 90 * time.Second
)

// MaxAnswer bounds what is read of one answer, in bytes, so that a process knows how much memory it needs.
const MaxAnswer = 16 << 20

// ErrTooLarge is an answer of more than MaxAnswer; a page with a smaller limit may do.
var ErrTooLarge = errors.New("the answer is larger than 16 MiB")

// policy repeats what commercetools asks to repeat (502, 503, with exponential backoff) and what a gateway in between may
// answer (429, 504). 500 is among them too: a read can be repeated without harm, and one repeat costs less than the
// message or the page of an import that would fail else.
func policy() retry.Policy {
	return retry.Policy{
		Attempts: 5,
		Backoff:  gax.Backoff{Initial: 250 * time.Millisecond, Max: 8 * time.Second, Multiplier: 2},
		Statuses: []int{
			http.StatusTooManyRequests,
			http.StatusInternalServerError,
			http.StatusBadGateway,
			http.StatusServiceUnavailable,
			http.StatusGatewayTimeout,
		},
	}
}

// sender sends requests, repeats them by the policy and counts them. It uses the transport without an http.Client: an API
// has no reason to redirect, and a client's errors name the URL with its query.
type sender struct {
	transport http.RoundTripper
	policy    retry.Policy
	sent      atomic.Int64
}

// send returns the last answer with its body read to the end. A body that breaks off counts as a network error and is
// fetched again.
func (s *sender) send(req *http.Request) (*http.Response, []byte, error) {
	var body []byte

	resp, err := retry.Do(req.Context(), s.policy, func(ctx context.Context) (*http.Response, error) {
		resp, read, err := s.attempt(ctx, req)
		body = read

		return resp, err
	})

	return resp, body, err
}

func (s *sender) attempt(ctx context.Context, req *http.Request) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()

	again := req.Clone(ctx)
	again.Header.Set("User-Agent", "ctklaviyo")

	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, nil, fmt.Errorf("repeat the body: %w", err)
		}

		again.Body = body
	}

	s.sent.Add(1)
	logging.CountRequest(ctx)

	resp, err := s.transport.RoundTrip(again)
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // get names the operation
	}

	body, err := readBody(resp, MaxAnswer)
	if err != nil {
		return nil, nil, err
	}

	return resp, body, nil
}

// readBody reads at most limit bytes and leaves resp without a body. A failed answer is an answer even when its text breaks off: the status counts.
func readBody(resp *http.Response, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	err = errors.Join(err, resp.Body.Close())
	resp.Body = http.NoBody

	switch {
	case int64(len(body)) > limit:
		return nil, retry.Final(ErrTooLarge)
	case err != nil && resp.StatusCode < http.StatusMultipleChoices:
		return nil, fmt.Errorf("read the answer: %w", err)
	default:
		return body, nil
	}
}

// RoundTrip lets the OAuth package send its token requests by the same rules.
func (s *sender) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, body, err := s.send(req)
	if err != nil {
		return nil, err
	}

	resp.Body = io.NopCloser(bytes.NewReader(body))

	return resp, nil
}
