package commercetools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// get fetches one resource and decodes it. An answer that is not this resource, a gateway's page or a mix-up, is an error: it
// must not pass for a resource without properties.
func get[T any](ctx context.Context, c *Client, e Endpoint, id string, expand ...string) (T, error) {
	var none T

	raw, err := c.Get(ctx, e, id, expand...)
	if err != nil {
		return none, err
	}

	v, err := Decode[T](raw)
	if err == nil && IDOf(raw) != id {
		return none, fmt.Errorf("commercetools: GET %s/%s/%s: the answer is not this resource", c.project, e, id)
	}

	return v, err
}

// byID fetches resources by one query per MaxIDs ids, or more when their answers are too large. An id may come more than once,
// "" is none.
func byID[T any](
	ctx context.Context, c *Client, e Endpoint, ids []string, decode func([]json.RawMessage) ([]T, error), expand ...string,
) ([]T, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) > 0 && ids[0] == "" {
		ids = ids[1:]
	}

	var all []T

	for most := MaxIDs; len(ids) > 0; {
		some := ids[:min(most, len(ids))]

		page, err := c.Query(ctx, e, Query{Where: []Predicate{IDIn(some...)}, Limit: len(some), Expand: expand})
		if errors.Is(err, ErrTooLarge) && len(some) > 1 {
			most = len(some) / 2

			continue
		}

		if err != nil {
			return nil, err
		}

		found, err := decode(page.Results)
		if err != nil {
			return nil, err
		}

		all, ids = append(all, found...), ids[len(some):]
	}

	return all, nil
}

// decodable decodes those that are of the right shape. What has not even an id is no resource, and an error.
func decodable[T any](raw []json.RawMessage) ([]T, error) {
	all := make([]T, 0, len(raw))

	for _, one := range raw {
		v, err := Decode[T](one)
		if broken, ok := errors.AsType[*DecodeError](err); ok && broken.ID != "" {
			continue
		}

		if err != nil {
			return nil, err
		}

		all = append(all, v)
	}

	return all, nil
}

// bySKU reads all pages of what belongs to the SKUs and meets a condition.
func bySKU[T any](ctx context.Context, c *Client, e Endpoint, skus []string, and Predicate, id func(T) string) ([]T, error) {
	var all []T

	for _, in := range skusIn(skus) {
		var last Window

		for {
			page, err := c.Scan(ctx, e, last, MaxLimit, Query{Where: []Predicate{in + and}})
			if err != nil {
				return nil, err
			}

			found, err := decodeAll[T](page)
			if err != nil {
				return nil, err
			}

			all = append(all, found...)

			if len(found) < MaxLimit {
				break
			}

			last.After = id(found[MaxLimit-1])
		}
	}

	return all, nil
}

// maxSKUs is how many characters of a URL the SKUs of one query may take: see [MaxIDs].
const maxSKUs = 7200

// skusIn makes predicates, `sku in ("a","b")`, that hold all the SKUs and each fit into a URL.
func skusIn(skus []string) []Predicate {
	var (
		predicates []Predicate
		quoted     []string
		size       int
	)

	flush := func() {
		if len(quoted) > 0 {
			predicates = append(predicates, Predicate("sku in ("+strings.Join(quoted, ",")+")"))
		}

		quoted, size = nil, 0
	}

	for _, sku := range skus {
		if strings.TrimSpace(sku) == "" {
			continue
		}

		q := quote(sku)

		length := len(url.QueryEscape(q + ","))
		if length > maxSKUs { // Nothing can be asked about it, and the others need not wait for it.
			continue
		}

		if size+length > maxSKUs {
			flush()
		}

		quoted, size = append(quoted, q), size+length
	}

	flush()

	return predicates
}

func decodeAll[T any](raw []json.RawMessage) ([]T, error) {
	all := make([]T, len(raw))

	for i, one := range raw {
		var err error
		if all[i], err = Decode[T](one); err != nil {
			return nil, err
		}
	}

	return all, nil
}
