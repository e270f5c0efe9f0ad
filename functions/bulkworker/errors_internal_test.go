package bulkworker

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/retry"
)

func TestJudged(t *testing.T) {
	t.Parallel()

	type verdict string

	const fatal, outage, trouble, page verdict = "the run", "a service", "something", "the page"

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
		err  error
		want verdict
	}{
		"commercetools 400":       {ct(400), fatal},
		"commercetools 401":       {ct(401), fatal},
		"commercetools 403":       {ct(403), fatal},
		"commercetools 404":       {ct(404), fatal},
		"commercetools 409":       {ct(409), trouble},
		"commercetools 429":       {ct(429), outage},
		"commercetools 500":       {ct(500), trouble},
		"commercetools 502":       {ct(502), outage},
		"commercetools 503":       {ct(503), outage},
		"400 of a gateway":        {gateway(400), trouble},
		"401 of a gateway":        {gateway(401), outage},
		"403 of a gateway":        {gateway(403), outage},
		"404 of a gateway":        {gateway(404), outage},
		"410 of a gateway":        {gateway(410), outage},
		"414 of a gateway":        {gateway(414), trouble},
		"502 of a gateway":        {gateway(502), outage},
		"Klaviyo 401":             {kl(401), fatal},
		"Klaviyo 403":             {kl(403), fatal},
		"Klaviyo 404":             {kl(404), fatal},
		"Klaviyo 400":             {kl(400), page},
		"400 of a proxy":          {proxy(400), trouble},
		"Klaviyo 409":             {kl(409), page},
		"Klaviyo 410":             {kl(410), fatal},
		"Klaviyo 429":             {kl(429), outage},
		"Klaviyo 500":             {kl(500), trouble},
		"Klaviyo 503":             {kl(503), outage},
		"401 of a proxy":          {proxy(401), outage},
		"403 of a proxy":          {proxy(403), outage},
		"404 of a proxy":          {proxy(404), outage},
		"410 of a proxy":          {proxy(410), outage},
		"429 of a proxy":          {proxy(429), outage},
		"503 of a proxy":          {proxy(503), outage},
		"Klaviyo 520":             {kl(520), trouble},
		"Klaviyo 524":             {kl(524), outage},
		"519 of a proxy":          {proxy(519), trouble},
		"520 of a proxy":          {proxy(520), outage},
		"522 of a proxy":          {proxy(522), outage},
		"524 of a proxy":          {proxy(524), outage},
		"530 of a proxy":          {proxy(530), outage},
		"531 of a proxy":          {proxy(531), trouble},
		"time is over":            {context.DeadlineExceeded, trouble},
		"the connection is reset": {&retry.UnansweredError{Err: errors.New("connection reset")}, outage},
		"a page that is none":     {commercetools.ErrUnreadable, trouble},
		"a record that is none":   {&commercetools.DecodeError{}, trouble},
		"a broken record":         {&commercetools.DecodeError{ID: "c1"}, page},
		"an answer that is none":  {klaviyo.ErrUnreadable, trouble},
		"a web page":              {klaviyo.ErrNotJSON, outage},
		"found out to be away":    {&bulk.OutageError{Err: ct(500)}, outage},
		"a mistake of ours":       {errors.New("no id"), page},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			wrapped := fmt.Errorf("reading: %w", c.err)
			got := judged(wrapped)

			end, fatalOne := errors.AsType[*bulk.FatalError](got)
			_, outageOne := errors.AsType[*bulk.OutageError](got)

			_, troubleOne := errors.AsType[*bulk.TroubleError](got)

			if fatalOne != (c.want == fatal) || outageOne != (c.want == outage) || troubleOne != (c.want == trouble) {
				t.Fatalf("judged = %T, want that of %s: %v", got, c.want, got)
			}

			if fatalOne && end.Reason != wrapped.Error() {
				t.Errorf("reason = %q, want %q", end.Reason, wrapped)
			}

			if !fatalOne && !errors.Is(got, c.err) {
				t.Errorf("error = %v, want one that wraps %v", got, wrapped)
			}
		})
	}

	if err := judged(nil); err != nil {
		t.Errorf("error = %v, want none", err)
	}
}
