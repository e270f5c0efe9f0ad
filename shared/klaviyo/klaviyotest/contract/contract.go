// Package contract holds the requests of a test against Klaviyo's OpenAPI descriptions: path, query, headers and body of each
// request, and the answers of the fake. It is a package of its own so that the demo shop, which is made of the fake, does not
// carry the validator.
//
// The descriptions stand in ../shared/klaviyo-openapi, beside the repository.
package contract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

const mediaType = "application/vnd.api+json"

// Transport sends by next and reports to tb every request that Klaviyo would not understand, and every answer that is not one
// of Klaviyo's. An answer of another media type, such as a proxy's page, is left alone, and so is an error without any.
//
// Without the descriptions the test is skipped.
func Transport(tb testing.TB, next http.RoundTripper) http.RoundTripper {
	tb.Helper()

	return &transport{tb: tb, next: next, descriptions: Load(tb)}
}

// IfThere is Transport where the descriptions are, and else next alone: for a test that has more to tell than whether its
// requests are Klaviyo's, and for one in a bubble of testing/synctest, which a skip would let pass.
func IfThere(tb testing.TB, next http.RoundTripper) http.RoundTripper {
	tb.Helper()

	if d := available(tb); d != nil {
		return &transport{tb: tb, next: next, descriptions: d}
	}

	return next
}

type transport struct {
	tb           testing.TB
	next         http.RoundTripper
	descriptions *Descriptions
}

// RoundTrip implements http.RoundTripper.
func (c *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := drain(req.Body)
	if err != nil {
		return nil, err
	}

	checked := req.Clone(req.Context())
	checked.Body = io.NopCloser(bytes.NewReader(body))

	input, err := c.descriptions.request(checked)
	if err == nil && !utf8.Valid(body) {
		err = errors.New("the body is not UTF-8, as JSON has to be")
	}

	if err != nil {
		c.tb.Errorf("%s %s is not Klaviyo's: %v", req.Method, req.URL.Path, err)
	}

	sent := req.Clone(req.Context())
	sent.Body = io.NopCloser(bytes.NewReader(body))

	resp, err := c.next.RoundTrip(sent)
	if err != nil {
		return nil, err //nolint:wrapcheck // a RoundTripper in between hides nothing
	}

	if input == nil || !isKlaviyos(resp) {
		return resp, nil
	}

	answer, err := drain(resp.Body)
	if err != nil {
		return nil, err
	}

	resp.Body = io.NopCloser(bytes.NewReader(answer))

	err = openapi3filter.ValidateResponse(req.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 resp.StatusCode,
		Header:                 resp.Header,
		Body:                   io.NopCloser(bytes.NewReader(answer)),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		c.tb.Errorf("the answer %d to %s %s is not Klaviyo's: %v", resp.StatusCode, req.Method, req.URL.Path, err)
	}

	return resp, nil
}

// isKlaviyos tells whether an answer claims to come from Klaviyo, which has successes without a body.
func isKlaviyos(resp *http.Response) bool {
	media := resp.Header.Get("Content-Type")

	return media == mediaType || media == "" && resp.StatusCode < http.StatusBadRequest
}

// drain reads a body to its end and closes it.
func drain(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}

	defer func() { _ = body.Close() }()

	data, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("read a body: %w", err)
	}

	return data, nil
}

// request finds the operation of a request and validates it.
func (d *Descriptions) request(req *http.Request) (*openapi3filter.RequestValidationInput, error) {
	// Tests put the API under a prefix of their own.
	_, path, ok := strings.Cut(req.URL.EscapedPath(), "/api/")
	if !ok {
		return nil, errUnknown
	}

	route, params, err := d.find(req.Method, "/api/"+path)
	if err != nil {
		return nil, err
	}

	input := &openapi3filter.RequestValidationInput{
		Request:    req,
		PathParams: params,
		Route:      route,
		Options: &openapi3filter.Options{
			AuthenticationFunc:                authenticated,
			MultiError:                        true,
			RejectWhenRequestBodyNotSpecified: true,
		},
	}

	if err := knownQuery(route, req.URL.Query()); err != nil {
		return input, err
	}

	if accept := req.Header.Get("Accept"); accept != mediaType {
		return input, fmt.Errorf("accept is %q", accept)
	}

	if err := openapi3filter.ValidateRequest(req.Context(), input); err != nil {
		return input, fmt.Errorf("invalid: %w", err)
	}

	return input, nil
}

// knownQuery finds parameters that the operation does not have, which Klaviyo refuses and a validator overlooks.
func knownQuery(route *routers.Route, query url.Values) error {
	for name := range query {
		if route.Operation.Parameters.GetByInAndName("query", name) == nil {
			return fmt.Errorf("%s has no parameter %q", route.Operation.OperationID, name)
		}
	}

	return nil
}
