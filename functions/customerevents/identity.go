package customerevents

import (
	"context"
	"log/slog"

	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// deduplicate writes to the profile that has the email already, else creates one. It is for accounts whose profiles were
// there before this connector, and have no external_id yet.
func (h handler) deduplicate(ctx context.Context, p klaviyo.Profile) error {
	email, _ := p.Email.Get()

	id, found, err := h.kl.FindProfileByEmail(ctx, email)
	if err != nil {
		return err
	}

	if found {
		err = withoutRefusedPhone(ctx, p, func(ctx context.Context, p klaviyo.Profile) error { return h.kl.UpdateProfile(ctx, id, p) })
	} else {
		err = withoutRefusedPhone(ctx, p, h.createProfile)
	}

	// Another profile has an identifier, or the profile that was found has been merged into another since.
	if klaviyo.IsConflict(err) || klaviyo.IsNotFound(err) {
		return h.upsert(ctx, p)
	}

	return err
}

func (h handler) createProfile(ctx context.Context, p klaviyo.Profile) error {
	_, err := h.kl.CreateProfile(ctx, p)

	return err
}

// withoutRefusedPhone writes a profile, without the phone number if Klaviyo refuses that.
func withoutRefusedPhone(ctx context.Context, p klaviyo.Profile, write func(context.Context, klaviyo.Profile) error) error {
	err := write(ctx, p)
	if !klaviyo.IsPhoneRefused(err) {
		return err
	}

	if err := write(ctx, p.WithoutPhone()); err != nil {
		return err
	}

	leftOut(ctx, "phone_number")

	return nil
}

// leftOut says in the message's line what its profile goes without.
func leftOut(ctx context.Context, identifiers string) {
	delivery.Note(ctx, slog.String("left_out", identifiers))
}

// upsert updates the profile that has one of the identifiers, else creates one. An identifier that another profile owns, and
// a phone number that Klaviyo refuses, is left out; no look-up is needed, only another try. When the external_id alone is
// refused too, the conflict is the caller's.
func (h handler) upsert(ctx context.Context, p klaviyo.Profile) error {
	var err error

	for _, try := range klaviyo.Identities(p) {
		_, err = h.kl.UpsertProfile(ctx, try.Profile)
		if klaviyo.IsConflict(err) || klaviyo.IsPhoneRefused(err) {
			continue
		}

		if err == nil && try.LeftOut != "" {
			leftOut(ctx, try.LeftOut)
		}

		return err
	}

	return err
}
