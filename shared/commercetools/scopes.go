package commercetools

import (
	"context"
	"strings"
)

// Scopes returns what the token allows, such as "view_customers:my-project", in the token service's own words; none when it
// doesn't say.
// Source: https://docs.commercetools.com/api/scopes.
func (c *Client) Scopes(ctx context.Context) ([]string, error) {
	token, err := c.tokens.get(ctx, nil)
	if err != nil {
		return nil, err
	}

	scope, _ := token.Extra("scope").(string)

	return strings.Fields(scope), nil
}
