package klaviyo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/googleapis/gax-go/v2"

	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/retry"
)

const (
	// attemptTime ends an attempt whose answer stalls, so that a caller without a deadline can't hang for good. It leaves a
	// slow line time for 5 MB.
	attemptTime = 90 * time.Second
	// maxAnswer bounds what is read of one answer. The largest is a page of import errors, which quotes at most the 5 MB
	// that were sent.
	maxAnswer = 10 << 20
	// statusOriginTimeout is Cloudflare's own: Klaviyo did not answer it in time.
	statusOriginTimeout = 524
)

var (
	errTooLarge = fmt.Errorf("%w: it is too large", ErrUnreadable)
	errTooMany  = fmt.Errorf("%w: its arrays have too many elements", ErrUnreadable)
)

// policy repeats what Klaviyo asks to repeat (429 and 503) and what its own clients repeat as well (504, 524), and 500 and
// 502, since no write of ours does harm twice. Source: https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling.
func policy() retry.Policy {
	return retry.Policy{
		Attempts: 4,
		Backoff:  gax.Backoff{Initial: 500 * time.Millisecond, Max: 30 * time.Second, Multiplier: 2},
		Statuses: []int{
			http.StatusTooManyRequests,
			http.StatusInternalServerError,
			http.StatusBadGateway,
			http.StatusServiceUnavailable,
			http.StatusGatewayTimeout,
			statusOriginTimeout,
		},
	}
}

// attempt sends a request once, when its turn has come, and reads the answer to its end, so that a success that breaks off
// counts as a network error. Of anything else the status and the headers count, even when its text breaks off. It uses the transport without an http.Client: an API has no reason to redirect, a redirect
// would carry the key along, and a client's errors quote the query.
func (c *Client) attempt(ctx context.Context, r request) (*http.Response, []byte, error) {
	turn := c.limiters[r.operation]
	if err := turn.wait(ctx, r.name()); err != nil {
		return nil, nil, retry.Final(err)
	}

	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()

	req, err := c.build(ctx, r)
	if err != nil {
		return nil, nil, retry.Final(err)
	}

	c.sent.Add(1)
	logging.CountRequest(ctx)

	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // send names the operation
	}

	defer func() { _ = resp.Body.Close() }()

	turn.heed(resp.StatusCode, resp.Header)

	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil && resp.StatusCode < http.StatusMultipleChoices {
		return nil, nil, fmt.Errorf("read the answer: %w", err)
	}

	if len(body) > maxAnswer {
		return nil, nil, retry.Final(errTooLarge)
	}

	return resp, body, nil
}

// build makes the HTTP request anew, as each attempt needs its own reader of the body.
func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	target := c.apiURL + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}

	req, err := http.NewRequestWithContext(ctx, r.method, target, http.NoBody)
	if err != nil {
		// The parser's error would quote the query.
		return nil, errors.New("the API URL can't be read")
	}

	c.authorize(req.Header)
	req.Header.Set("Revision", revision)
	req.Header.Set("Accept", mediaType)
	req.Header.Set("User-Agent", userAgent)

	if r.body != nil {
		req.Header.Set("Content-Type", mediaType)
		req.ContentLength = size(r.body)
		// The transport asks for another reader when a kept connection turns out to be closed.
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(reader(r.body)), nil }
		req.Body = io.NopCloser(reader(r.body))
	}

	return req, nil
}

// reader reads the pieces one after the other, without a copy of them all.
func reader(pieces [][]byte) *net.Buffers {
	buffers := net.Buffers(slices.Clone(pieces))

	return &buffers
}
