package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// need is what is read of commercetools, and the scopes of which one is enough for it.
type need struct {
	endpoint commercetools.Endpoint
	scopes   []string
}

// needs are what the functions and the imports read.
// Source: https://docs.commercetools.com/api/scopes.
func needs() []need {
	return []need{
		{commercetools.Customers, []string{"view_customers"}},
		{commercetools.Orders, []string{"view_orders"}},
		{commercetools.Payments, []string{"view_payments"}},
		{commercetools.Categories, []string{"view_categories", "view_products"}},
		{commercetools.ProductProjections, []string{"view_published_products", "view_products"}},
		{commercetools.StandalonePrices, []string{"view_standalone_prices"}},
		{commercetools.Inventory, []string{"view_products"}},
	}
}

// grantedBy tells whether one of the scopes is enough: who may manage something may view it.
func (n need) grantedBy(scopes []string, project string) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool {
		name, of, _ := strings.Cut(scope, ":")

		return of == project && (name == "manage_project" || slices.ContainsFunc(n.scopes, func(view string) bool {
			return name == view || name == strings.Replace(view, "view_", "manage_", 1)
		}))
	})
}

// commercetools checks the token, and each need: by the token's own scopes, and by reading. It returns what can be read; ok
// is false when there is no token.
func (r *diagnosis) commercetools(ctx context.Context, ct *commercetools.Client, project string) (readable []commercetools.Endpoint, ok bool) {
	const token = "commercetools token"

	scopes, err := ct.Scopes(ctx)
	if err != nil {
		r.failure(token, err, adviceOnCommercetools(err))

		return nil, false
	}

	mine := func(scope string) bool { return strings.Contains(scope+":", ":"+project+":") }
	if len(scopes) > 0 && !slices.ContainsFunc(scopes, mine) {
		_, other, _ := strings.Cut(scopes[0], ":")
		r.add(checkFailed, token, fmt.Sprintf("the API client is one of the project %s, and CT_PROJECT_ID is %s", other, project),
			"set CT_PROJECT_ID or CT_API_CLIENT right")

		return nil, false
	}

	r.add(checkOK, token, described(scopes, project), "")

	for _, n := range needs() {
		if r.need(ctx, ct, n, scopes, project) {
			readable = append(readable, n.endpoint)
		}
	}

	return readable, true
}

// described says what a token's scopes are good for.
func described(scopes []string, project string) string {
	if len(scopes) == 0 {
		return "granted, without a word about its scopes"
	}

	enough := 0

	for _, n := range needs() {
		if n.grantedBy(scopes, project) {
			enough++
		}
	}

	return fmt.Sprintf("granted, scopes: %d, enough for %d of the %d endpoints below", len(scopes), enough, len(needs()))
}

func (r *diagnosis) need(ctx context.Context, ct *commercetools.Client, n need, scopes []string, project string) bool {
	name, scope := "commercetools "+string(n.endpoint), n.scopes[0]+":"+project
	lacks := func() {
		r.add(checkMissing, name, "the API client lacks the scope "+scope, "give it one that has it; CT_SCOPES, when it is set, must name it")
	}

	if len(scopes) > 0 && !n.grantedBy(scopes, project) {
		lacks()

		return false
	}

	_, err := ct.Query(ctx, n.endpoint, commercetools.Query{Limit: 1})
	if e, ok := errors.AsType[*commercetools.Error](err); ok && e.Status == http.StatusForbidden {
		lacks()

		return false
	}

	if err != nil {
		r.failure(name, err, adviceOnCommercetools(err))

		return false
	}

	r.add(checkOK, name, "can be read", "")

	return true
}

// adviceOnCommercetools is what to do about an error.
func adviceOnCommercetools(err error) string {
	e, ok := errors.AsType[*commercetools.Error](err)

	switch {
	case !ok:
		return "are CT_API_URL and CT_AUTH_URL right, and can this machine reach them?"
	case e.Code == "invalid_scope":
		return "CT_SCOPES names a scope that the API client lacks; name its own, or unset CT_SCOPES"
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusBadRequest:
		return "commercetools doesn't take the API client: are CT_API_CLIENT and CT_AUTH_URL right?"
	case e.Status == http.StatusForbidden || e.Status == http.StatusNotFound:
		return "are CT_PROJECT_ID, CT_API_URL and CT_AUTH_URL right?"
	default:
		return "try again later"
	}
}
