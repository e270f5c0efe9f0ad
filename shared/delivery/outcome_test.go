package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
)

func TestClassify(t *testing.T) {
	t.Parallel()

	kl := func(status int) error {
		return &klaviyo.Error{Status: status, Operation: "POST /api/profiles", Details: []klaviyo.Detail{{Code: "some_code"}}}
	}
	ct := func(status int, code string) error {
		return &commercetools.Error{Status: status, Operation: "GET /demo/customers/c1", Resource: true, Code: code}
	}
	token := func(status int, code string) error {
		return &commercetools.Error{Status: status, Operation: "POST /oauth/token", Token: true, Code: code}
	}

	tests := []struct {
		name string
		err  error
		want delivery.Outcome
	}{
		{"nil", nil, delivery.Done},
		{"ignored", delivery.Ignored("not about a customer"), delivery.Done},
		{"mandatory field missing", &mapping.MissingError{Field: "email"}, delivery.Done},
		{"commercetools 404", ct(404, "ResourceNotFound"), delivery.Done},

		{"unreadable", delivery.Unreadable("no JSON at byte 1"), delivery.Never},
		{"an id that can't be one", commercetools.ErrInvalidID, delivery.Never},
		{"a resource of another shape", &commercetools.DecodeError{ID: "c1"}, delivery.Never},
		{"a resource that can't be mapped", &mapping.UnsupportedError{Problem: "no variants"}, delivery.Never},
		{"klaviyo 400", kl(400), delivery.Never},
		{"klaviyo 409", kl(409), delivery.Never},
		{"klaviyo 413", kl(413), delivery.Never},
		{"klaviyo 413 that is not JSON", &klaviyo.Error{Status: 413}, delivery.Never},
		{"klaviyo 422", kl(422), delivery.Never},
		{"commercetools 400", ct(400, "InvalidInput"), delivery.Never},

		{
			"commercetools 404 of a query",
			&commercetools.Error{Status: 404, Operation: "GET /demo/product-projections", Code: "ResourceNotFound"}, delivery.Later,
		},
		{"commercetools 400 without a code", ct(400, ""), delivery.Later},
		{"commercetools 404 without a code", ct(404, ""), delivery.Later},
		{"an answer that is no resource", &commercetools.DecodeError{}, delivery.Later},
		{"commercetools 401", ct(401, "invalid_token"), delivery.Later},
		{"commercetools 403", ct(403, "insufficient_scope"), delivery.Later},
		{"commercetools 403 that is not JSON", ct(403, ""), delivery.Later},
		{"commercetools 429", ct(429, ""), delivery.Later},
		{"commercetools 500", ct(500, "General"), delivery.Later},
		{"commercetools 503 that is not JSON", ct(503, ""), delivery.Later},
		{"token 400", token(400, "invalid_scope"), delivery.Later},
		{"token 401", token(401, "invalid_client"), delivery.Later},
		{"token 404", token(404, "ResourceNotFound"), delivery.Later},
		{"klaviyo 401", kl(401), delivery.Later},
		{"klaviyo 403", kl(403), delivery.Later},
		{"klaviyo 400 that is not JSON", &klaviyo.Error{Status: 400}, delivery.Later},
		{"klaviyo 403 that is not JSON", &klaviyo.Error{Status: 403}, delivery.Later},
		{"klaviyo 404", kl(404), delivery.Later},
		{"klaviyo 404 that is not JSON", &klaviyo.Error{Status: 404}, delivery.Later},
		{"klaviyo 522 that is not JSON", &klaviyo.Error{Status: 522}, delivery.Later},
		{"klaviyo 408", kl(408), delivery.Later},
		{"klaviyo 409 that is not JSON", &klaviyo.Error{Status: 409}, delivery.Later},
		{"klaviyo 422 that is not JSON", &klaviyo.Error{Status: 422}, delivery.Later},
		{"klaviyo 429", kl(429), delivery.Later},
		{"klaviyo 500", kl(500), delivery.Later},
		{"klaviyo 502 that is not JSON", &klaviyo.Error{Status: 502}, delivery.Later},
		{"klaviyo 503", kl(503), delivery.Later},
		{"a web page in Klaviyo's place", klaviyo.ErrNotJSON, delivery.Later},
		{"an answer that can't be Klaviyo's", klaviyo.ErrUnreadable, delivery.Later},
		{"network", &net.OpError{Op: "dial", Err: errors.New("connection refused")}, delivery.Later},
		{"broken off", io.ErrUnexpectedEOF, delivery.Later},
		{"timeout", context.DeadlineExceeded, delivery.Later},
		{"cancelled", context.Canceled, delivery.Later},
		{"unknown", errors.New("never seen"), delivery.Later},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			if got := delivery.Classify(tt.err); got != tt.want {
				t.Errorf("Classify(%v) = %v, want %v", tt.err, got, tt.want)
			}

			if tt.err == nil {
				return
			}

			if wrapped := fmt.Errorf("customer c1: %w", tt.err); delivery.Classify(wrapped) != tt.want {
				t.Errorf("Classify(%v) = %v, want %v as without the wrapping", wrapped, delivery.Classify(wrapped), tt.want)
			}
		})
	}
}
