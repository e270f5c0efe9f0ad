package klaviyo

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

const (
	profilesPath = "/api/profiles"
	profileType  = "profile"
)

// CreateProfile creates a profile and returns its id. When one of the identifiers is taken it fails with an *[Error] that
// [IsConflict] knows, whose Detail names the profile that has it. Limits: 75/s and 750/min, 100 KB.
func (c *Client) CreateProfile(ctx context.Context, p Profile) (id string, err error) {
	return c.postProfile(ctx, createProfile, profilesPath, p)
}

// UpsertProfile updates the profile that has one of the identifiers, or creates one, and returns its id. It is one request
// without any conflict resolution: when the identifiers belong to several profiles it fails with an *[Error] that
// [IsConflict] knows. Limits: 75/s and 750/min, 100 KB.
func (c *Client) UpsertProfile(ctx context.Context, p Profile) (id string, err error) {
	return c.postProfile(ctx, createOrUpdateProfile, "/api/profile-import", p)
}

func (c *Client) postProfile(ctx context.Context, operation, path string, p Profile) (string, error) {
	body, err := encode(document[resource]{resource{Type: profileType, Attributes: p}})
	if err != nil {
		return "", err
	}

	return c.sendForID(ctx, request{operation: operation, method: http.MethodPost, path: path, body: body})
}

// UpdateProfile changes the profile with this id: fields that are absent stay, null ones are cleared. It fails with an
// *[Error] that [IsNotFound] or, when an identifier is another profile's, [IsConflict] knows. Limits: 75/s and 750/min, 100 KB.
func (c *Client) UpdateProfile(ctx context.Context, id string, p Profile) error {
	body, err := encode(document[resource]{resource{Type: profileType, ID: id, Attributes: p}})
	if err != nil {
		return err
	}

	path := profilesPath + "/" + url.PathEscape(id)
	_, err = c.sendForID(ctx, request{operation: updateProfile, method: http.MethodPatch, path: path, body: body})

	return err
}

// FindProfileByEmail returns the id of the profile with this email address; ok tells whether there is one. Limits: 75/s and
// 750/min.
func (c *Client) FindProfileByEmail(ctx context.Context, email string) (id string, ok bool, err error) {
	return c.findProfile(ctx, "email", email)
}

// FindProfileByExternalID returns the id of the profile with this external_id; ok tells whether there is one. Limits: those
// of [Client.FindProfileByEmail].
func (c *Client) FindProfileByExternalID(ctx context.Context, externalID string) (id string, ok bool, err error) {
	return c.findProfile(ctx, "external_id", externalID)
}

func (c *Client) findProfile(ctx context.Context, identifier, value string) (id string, ok bool, err error) {
	query := url.Values{
		"filter": {"equals(" + identifier + "," + quoted(value) + ")"},
		// The id always comes; one field keeps the rest of the profile away.
		"fields[profile]": {"created"},
		"page[size]":      {"1"},
	}

	found, _, err := getPage[identity](ctx, c, getProfiles, profilesPath, query, "")
	if err != nil || len(found) == 0 {
		return "", false, err
	}

	if found[0].ID == "" {
		return "", false, errNoID
	}

	return found[0].ID, true, nil
}

// quoted makes a literal of a filter, which nothing in the text can end.
// Source: https://developers.klaviyo.com/en/docs/filtering_.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
