package klaviyo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
)

// maxPages ends a collection that doesn't end by itself. The longest, the errors of a job, has a page for each of 10,000
// profiles at the most.
const maxPages = 10_000

var (
	errNoID   = fmt.Errorf("klaviyo: %w: it has no id", ErrUnreadable)
	errNoData = fmt.Errorf("klaviyo: %w: it has no data", ErrUnreadable)
	errPages  = errors.New("klaviyo: the pages don't end")
)

// document is the envelope of a request or an answer about one resource.
type document[T any] struct {
	Data T `json:"data"`
}

// resource is a resource as it stands in a request, or one that it refers to.
type resource struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
	// Attributes and Relationships are structs that encode to objects; nil is none.
	Attributes    any `json:"attributes,omitempty"`
	Relationships any `json:"relationships,omitempty"`
}

// identity is what is read of an answer: the attributes are personal data that nobody needs.
type identity struct {
	ID string `json:"id"`
}

// collection is one page of an answer about many resources.
type collection[T any] struct {
	Data  []T `json:"data"`
	Links struct {
		Next string `json:"next"`
	} `json:"links"`
}

// sendForID calls an operation that answers with a resource, and returns its id.
func (c *Client) sendForID(ctx context.Context, r request) (string, error) {
	var answer document[identity]
	if err := c.send(ctx, r, &answer); err != nil {
		return "", err
	}

	if answer.Data.ID == "" {
		return "", errNoID
	}

	return answer.Data.ID, nil
}

// collect reads all pages of a collection, 100 resources a page.
func collect[T any](ctx context.Context, c *Client, operation, path string, query url.Values) ([]T, error) {
	var (
		all []T
		at  string
	)

	for range maxPages {
		page, next, err := getPage[T](ctx, c, operation, path, query, at)
		if err != nil {
			return nil, err
		}

		all = append(all, page...)

		if next == "" {
			return all, nil
		}

		if next == at {
			return nil, errPages
		}

		at = next
	}

	return nil, errPages
}

// getPage reads a page of at most 100 resources, the first with the cursor "", and returns the cursor of the next, if any.
func getPage[T any](
	ctx context.Context, c *Client, operation, path string, query url.Values, at string,
) (page []T, next string, err error) {
	asked := url.Values{"page[size]": {"100"}}
	maps.Copy(asked, query)

	if at != "" {
		asked.Set("page[cursor]", at)
	}

	var answer collection[T]
	if err := c.send(ctx, request{operation: operation, method: http.MethodGet, path: path, query: asked}, &answer); err != nil {
		return nil, "", err
	}

	// A page without resources has [].
	if answer.Data == nil {
		return nil, "", errNoData
	}

	return answer.Data, cursor(answer.Links.Next), nil
}

// cursor takes the cursor out of a link to the next page. The link itself is not followed: the key goes to the configured
// address only.
func cursor(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}

	return u.Query().Get("page[cursor]")
}
