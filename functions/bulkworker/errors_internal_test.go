package bulkworker

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

func TestFatalErrors(t *testing.T) {
	t.Parallel()

	ct := func(status int) error {
		return &commercetools.Error{Status: status, Operation: "GET /demo/customers", Code: "some_code", Message: "no"}
	}
	// A proxy's page has neither code nor details.
	gateway := func(status int) error { return &commercetools.Error{Status: status, Operation: "GET /demo/customers"} }
	proxy := func(status int) error { return &klaviyo.Error{Status: status, Operation: "POST /api/x"} }
	kl := func(status int) error {
		return &klaviyo.Error{Status: status, Operation: "POST /api/x", Details: []klaviyo.Detail{{Code: "some_code"}}}
	}

	for name, c := range map[string]struct {
		err   error
		fatal bool
	}{
		"commercetools 400":       {ct(400), true},
		"commercetools 401":       {ct(401), true},
		"commercetools 403":       {ct(403), true},
		"commercetools 404":       {ct(404), true},
		"commercetools 409":       {ct(409), false},
		"commercetools 429":       {ct(429), false},
		"commercetools 500":       {ct(500), false},
		"commercetools 502":       {ct(502), false},
		"commercetools 503":       {ct(503), false},
		"400 of a gateway":        {gateway(400), false},
		"401 of a gateway":        {gateway(401), false},
		"403 of a gateway":        {gateway(403), false},
		"404 of a gateway":        {gateway(404), false},
		"414 of a gateway":        {gateway(414), false},
		"502 of a gateway":        {gateway(502), false},
		"Klaviyo 401":             {kl(401), true},
		"Klaviyo 403":             {kl(403), true},
		"Klaviyo 404":             {kl(404), true},
		"Klaviyo 409":             {kl(409), false},
		"Klaviyo 410":             {kl(410), true},
		"Klaviyo 429":             {kl(429), false},
		"Klaviyo 500":             {kl(500), false},
		"Klaviyo 503":             {kl(503), false},
		"401 of a proxy":          {proxy(401), false},
		"403 of a proxy":          {proxy(403), false},
		"404 of a proxy":          {proxy(404), true},
		"429 of a proxy":          {proxy(429), false},
		"503 of a proxy":          {proxy(503), false},
		"time is over":            {context.DeadlineExceeded, false},
		"the connection is reset": {errors.New("connection reset"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			wrapped := fmt.Errorf("reading: %w", c.err)
			got := fatal(wrapped)

			end, ok := errors.AsType[*bulk.FatalError](got)
			if ok != c.fatal {
				t.Fatalf("fatal = %t, want %t: %v", ok, c.fatal, got)
			}

			if ok && end.Reason != wrapped.Error() {
				t.Errorf("reason = %q, want %q", end.Reason, wrapped)
			}

			if !ok && !errors.Is(got, c.err) {
				t.Errorf("error = %v, want %v as it was", got, wrapped)
			}
		})
	}
}

// TestFatalNothing: no error is no fatal error; and one that is fatal already stays so.
func TestFatalNothing(t *testing.T) {
	t.Parallel()

	if err := fatal(nil); err != nil {
		t.Errorf("error = %v, want none", err)
	}

	end := &bulk.FatalError{Reason: "the key is wrong"}
	if err := fatal(end); !errors.Is(err, end) {
		t.Errorf("error = %v, want %v", err, end)
	}
}

// TestNever: what Klaviyo refuses for good costs the profiles of one request, and not the run.
func TestNever(t *testing.T) {
	t.Parallel()

	for status, c := range map[int]struct{ refusal, proxy bool }{
		400: {refusal: true},
		409: {refusal: true},
		422: {refusal: true},
		413: {refusal: true, proxy: true},
		401: {},
		403: {},
		404: {},
		429: {},
		500: {},
		503: {},
	} {
		if got := never(&klaviyo.Error{Status: status, Details: []klaviyo.Detail{{Code: "some_code"}}}); got != c.refusal {
			t.Errorf("never of Klaviyo's %d = %t, want %t", status, got, c.refusal)
		}

		if got := never(&klaviyo.Error{Status: status}); got != c.proxy {
			t.Errorf("never of a proxy's %d = %t, want %t", status, got, c.proxy)
		}
	}
}
