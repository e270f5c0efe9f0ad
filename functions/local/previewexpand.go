package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// A resource as `GET` gives it only names what it refers to, and the functions ask commercetools to put some of it in: the
// ancestors that a category's name shows, say. For a file that is done here.

// discountCodes has no other reader, so that the client has no name for it.
const discountCodes commercetools.Endpoint = "discount-codes"

// expand returns the resource with what it refers to in it, read by the ids. whole is false when some of that is not there, or
// may not be read.
func (p previewed) expand(ctx context.Context, ct *commercetools.Client) (raw json.RawMessage, whole bool, err error) {
	var (
		properties map[string]json.RawMessage
		value      any
	)

	_ = json.Unmarshal(p.raw, &properties) // read did
	if properties[p.expanded] == nil {
		return p.raw, true, nil
	}

	_ = json.Unmarshal(properties[p.expanded], &value)

	if whole, err = expand(ctx, ct, value); err != nil {
		return nil, false, err
	}

	if properties[p.expanded], err = json.Marshal(value); err == nil {
		raw, err = json.Marshal(properties)
	}

	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", p.expanded, err)
	}

	return raw, whole, nil
}

// expand puts a resource into each reference that lacks it, or lacks the ancestors in it.
func expand(ctx context.Context, ct *commercetools.Client, value any) (whole bool, err error) {
	switch v := value.(type) {
	case []any:
		whole = true

		for _, one := range v {
			ok, err := expand(ctx, ct, one)
			if err != nil {
				return false, err
			}

			whole = whole && ok
		}

		return whole, nil
	case map[string]any:
		if code, ok := v["discountCode"]; ok {
			return expand(ctx, ct, code)
		}

		if !folded(v) {
			return true, nil
		}

		obj, err := referred(ctx, ct, v)
		if obj != nil {
			v["obj"] = obj
		}

		return obj != nil, err
	default:
		return true, nil
	}
}

// folded looks for references without the resource that they lead to.
func folded(value any) bool {
	switch v := value.(type) {
	case []any:
		return slices.ContainsFunc(v, folded)
	case map[string]any:
		obj, ok := v["obj"].(map[string]any)

		return !ok || folded(obj["ancestors"])
	default:
		return false
	}
}

// referred reads what a reference leads to; nil when it isn't there, or may not be read.
func referred(ctx context.Context, ct *commercetools.Client, reference map[string]any) (json.RawMessage, error) {
	endpoint, path := commercetools.Categories, []string{commercetools.ExpandAncestors}
	if reference["typeId"] == "discount-code" {
		endpoint, path = discountCodes, nil
	}

	id, _ := reference["id"].(string)

	raw, err := ct.Get(ctx, endpoint, id, path...)
	e, answered := errors.AsType[*commercetools.Error](err)

	switch {
	case err == nil:
		return raw, nil
	case errors.Is(err, commercetools.ErrInvalidID), answered && (e.Status == http.StatusNotFound || e.Status == http.StatusForbidden):
		return nil, nil
	default:
		return nil, unread(err)
	}
}
