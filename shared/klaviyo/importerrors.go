package klaviyo

import (
	"context"
	"encoding/json"
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

// IsPhoneRefused tells the same as the function [IsPhoneRefused].
func (e ImportError) IsPhoneRefused() bool { return atPhone(e.Pointer) }

// importError is one as Klaviyo sends it.
type importError struct {
	Attributes struct {
		Code   string `json:"code"`
		Title  string `json:"title"`
		Source struct {
			Pointer string `json:"pointer"`
		} `json:"source"`
		OriginalPayload json.RawMessage `json:"original_payload"`
	} `json:"attributes"`
}

// ImportErrors returns why a job's failed profiles failed, all pages of it. Limits: 10/s and 150/min, 100 errors a page.
func (c *Client) ImportErrors(ctx context.Context, id string) ([]ImportError, error) {
	path := profileForm().path() + "/" + url.PathEscape(id) + "/import-errors"

	sent, err := collect[importError](ctx, c, getImportErrors, path, nil)
	if err != nil {
		return nil, err
	}

	failed := make([]ImportError, len(sent))
	for i, e := range sent {
		failed[i] = ImportError{
			ExternalID: externalID(e.Attributes.OriginalPayload),
			Code:       e.Attributes.Code,
			Title:      e.Attributes.Title,
			Pointer:    e.Attributes.Source.Pointer,
		}
	}

	return failed, nil
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
