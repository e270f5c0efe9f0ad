package klaviyo

import (
	"context"
	"net/http"
)

const erasureType = "data-privacy-deletion-job"

type erasureAttributes struct {
	Profile document[resource] `json:"profile"`
}

// RequestErasure asks Klaviyo to delete the profile with this id for good, with its events. Klaviyo does so later, and there
// is no way to ask whether it has. Asking twice does no harm. That there is no such
// profile (any more) is a success. The key needs data-privacy:write. Limits: 3/s and 60/min.
// Source: https://developers.klaviyo.com/en/reference/request_profile_deletion.
func (c *Client) RequestErasure(ctx context.Context, id string) error {
	// Of id, email and phone number there must be one; the attributes have to be there, if only as {}.
	whose := resource{Type: profileType, ID: id, Attributes: struct{}{}}

	body, err := encode(document[resource]{resource{
		Type: erasureType, Attributes: erasureAttributes{document[resource]{whose}},
	}})
	if err != nil {
		return err
	}

	err = c.send(ctx, request{operation: requestErasure, method: http.MethodPost, path: "/api/" + erasureType + "s", body: body}, nil)
	if IsNotFound(err) {
		return nil
	}

	return err
}
