package klaviyo

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// catalogKey are the attributes that only a creation has: an id is for good.
type catalogKey struct {
	ExternalID      string `json:"external_id"`
	IntegrationType string `json:"integration_type"`
	CatalogType     string `json:"catalog_type"`
}

func keyOf(externalID string) *catalogKey {
	return &catalogKey{externalID, integrationType, catalogType}
}

// product are the attributes that items and variants have in common.
type product struct {
	Title        string        `json:"title"`
	Description  string        `json:"description"`
	URL          string        `json:"url"`
	ImageFullURL Field[string] `json:"image_full_url,omitzero"`
	// Price is 0 when it is empty: encoding/json says so.
	Price          json.Number       `json:"price"`
	Published      bool              `json:"published"`
	CustomMetadata map[string]string `json:"custom_metadata,omitzero"`
}

// references names resources of one type by their external ids. It encodes to [] without any, which takes away those that
// Klaviyo has.
func references(kind string, externalIDs []string) document[[]resource] {
	refs := make([]resource, len(externalIDs))
	for i, id := range externalIDs {
		refs[i] = resource{Type: kind, ID: CompoundID(id)}
	}

	return document[[]resource]{refs}
}

func (c *Client) createInCatalog(ctx context.Context, operation, path string, r resource) error {
	body, err := encode(document[resource]{r})
	if err != nil {
		return err
	}

	_, err = c.sendForID(ctx, request{operation: operation, method: http.MethodPost, path: path, body: body})

	return err
}

// updateInCatalog changes the resource with the id of r. A slash in an id is escaped; Klaviyo does not say that it takes one.
func (c *Client) updateInCatalog(ctx context.Context, operation, path string, r resource) error {
	body, err := encode(document[resource]{r})
	if err != nil {
		return err
	}

	path += "/" + url.PathEscape(r.ID)
	_, err = c.sendForID(ctx, request{operation: operation, method: http.MethodPatch, path: path, body: body})

	return err
}

// deleteInCatalog is done when there is nothing to delete, which is also how a repeated request ends.
func (c *Client) deleteInCatalog(ctx context.Context, operation, path, externalID string) error {
	path += "/" + url.PathEscape(CompoundID(externalID))

	err := c.send(ctx, request{operation: operation, method: http.MethodDelete, path: path}, nil)
	if IsNotFound(err) {
		return nil
	}

	return err
}

// upsert updates what is there, as it mostly is, and creates it otherwise. When someone else creates it in between, it is
// updated after all.
func upsert(update, create func() error) error {
	err := update()
	if !IsNotFound(err) {
		return err
	}

	if err = create(); !IsConflict(err) {
		return err
	}

	return update()
}
