package klaviyo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
)

// ImportError says why a job could not import a profile.
type ImportError struct {
	// ExternalID is the profile's; "" when Klaviyo doesn't quote it.
	ExternalID string
	// Code and Title say why: "duplicate_profile", "Conflict.".
	Code, Title string
	// Pointer is a place in what was sent, as Klaviyo gives it.
	Pointer string
}

// importErrors is one page of them.
type importErrors struct {
	Data []struct {
		Attributes struct {
			Code   string `json:"code"`
			Title  string `json:"title"`
			Source struct {
				Pointer string `json:"pointer"`
			} `json:"source"`
			OriginalPayload json.RawMessage `json:"original_payload"`
		} `json:"attributes"`
	} `json:"data"`
	Links struct {
		Next string `json:"next"`
	} `json:"links"`
}

var errPages = errors.New("klaviyo: the pages of import errors don't end")

// ImportErrors returns why a job's failed profiles failed, all pages of it. Limits: 10/s and 150/min, 100 errors a page.
func (c *Client) ImportErrors(ctx context.Context, id string) ([]ImportError, error) {
	var failed []ImportError

	query := url.Values{"page[size]": {"100"}}
	path := importsPath + "/" + url.PathEscape(id) + "/import-errors"

	// A job has 10,000 profiles at the most.
	for range maxRows {
		var page importErrors
		if err := c.send(ctx, request{operation: getImportErrors, method: http.MethodGet, path: path, query: query}, &page); err != nil {
			return nil, err
		}

		for _, d := range page.Data {
			failed = append(failed, ImportError{
				ExternalID: externalID(d.Attributes.OriginalPayload),
				Code:       d.Attributes.Code,
				Title:      d.Attributes.Title,
				Pointer:    d.Attributes.Source.Pointer,
			})
		}

		next := cursor(page.Links.Next)
		if next == "" {
			return failed, nil
		}

		if next == query.Get("page[cursor]") {
			return nil, errPages
		}

		query.Set("page[cursor]", next)
	}

	return nil, errPages
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

// externalID finds the id in what Klaviyo quotes of a row. Its shape isn't documented: attributes, a resource or a whole
// document.
func externalID(payload json.RawMessage) string {
	type attributes struct {
		ExternalID json.RawMessage `json:"external_id"`
	}

	type resource struct {
		attributes

		Attributes attributes `json:"attributes"`
	}

	var original struct {
		resource

		Data resource `json:"data"`
	}

	// A part of another shape is no reason to lose the others; what could be read is there.
	_ = json.Unmarshal(payload, &original)

	for _, raw := range []json.RawMessage{
		original.ExternalID, original.Attributes.ExternalID, original.Data.ExternalID, original.Data.Attributes.ExternalID,
	} {
		var id string
		if json.Unmarshal(raw, &id) == nil && id != "" {
			return id
		}
	}

	return ""
}
