package logging

import (
	"context"
	"sync/atomic"
)

type requestsKey struct{}

// WithRequests returns a context whose requests are counted: the clients tell it of each, by CountRequest.
func WithRequests(ctx context.Context) (counted context.Context, requests *atomic.Int64) {
	requests = new(atomic.Int64)

	return context.WithValue(ctx, requestsKey{}, requests), requests
}

// CountRequest counts an HTTP request that is sent. Where nobody counts it does nothing.
func CountRequest(ctx context.Context) {
	if requests, ok := ctx.Value(requestsKey{}).(*atomic.Int64); ok {
		requests.Add(1)
	}
}
