package customerevents

import (
	"context"
	"encoding/json"

	"github.com/ctklaviyo/connector/shared/delivery"
)

// deleted erases the profile of a customer that was deleted with dataErasure. After a plain deletion the profile stays:
// somebody without an account may still want the newsletter.
func (h handler) deleted(ctx context.Context, m delivery.Message) error {
	var payload struct {
		DataErasure bool `json:"dataErasure"`
	}
	if err := json.Unmarshal(m.Raw, &payload); err != nil {
		return delivery.Unreadable("dataErasure is neither true nor false")
	}

	switch {
	case !payload.DataErasure:
		return delivery.Ignored("deleted without data erasure")
	case !h.cfg.Customer.DataErasure.Enabled:
		return delivery.Ignored("customer.dataErasure is not enabled")
	}

	return h.turns.Take(ctx, m.Resource.ID, "erase", func() error { return h.erase(ctx, m.Resource.ID) })
}

// erase asks Klaviyo to delete the profile with the customer's id for its external_id. The message has no email address or
// phone number, which Klaviyo would take as well, and the customer is gone.
//
// A second delivery finds no profile, or asks again while Klaviyo has not come to it yet. Whatever comes later about the
// customer finds it gone from commercetools, and writes nothing.
func (h handler) erase(ctx context.Context, customerID string) error {
	profileID, found, err := h.kl.FindProfileByExternalID(ctx, customerID)
	if err != nil {
		return err
	}

	if !found {
		return delivery.Ignored("no profile has the customer's id")
	}

	return h.kl.RequestErasure(ctx, profileID)
}
