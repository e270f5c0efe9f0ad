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
		err = h.kl.UpdateProfile(ctx, id, p)
	} else {
		_, err = h.kl.CreateProfile(ctx, p)
	}

	// Another profile has an identifier, or the profile that was found has been merged into another since.
	if klaviyo.IsConflict(err) || klaviyo.IsNotFound(err) {
		return h.upsert(ctx, p)
	}

	return err
}

// upsert updates the profile that has one of the identifiers, else creates one.
//
// Klaviyo answers 409 when two profiles have them. Then the profile with the external_id wins, else the one with the
// email, and an identifier that another profile owns is left out, the phone number first: it is often shared, and the
// lowest in rank. No look-up is needed, only another try. When the external_id alone is refused too, the conflict is the
// caller's.
func (h handler) upsert(ctx context.Context, p klaviyo.Profile) error {
	var err error

	for _, try := range identities(p) {
		_, err = h.kl.UpsertProfile(ctx, try.profile)
		if klaviyo.IsConflict(err) {
			continue
		}

		if err == nil && try.leftOut != "" {
			delivery.Note(ctx, slog.String("left_out", try.leftOut))
		}

		return err
	}

	return err
}

// identity is a profile without some of its identifiers.
type identity struct {
	profile klaviyo.Profile
	leftOut string
}

// identities lists the profile with ever fewer identifiers, in the order in which they are worth trying. The rest of the
// profile is always there.
func identities(p klaviyo.Profile) []identity {
	absent := klaviyo.Field[string]{}
	withoutPhone, withoutEmail, alone := p, p, p
	withoutPhone.PhoneNumber = absent
	withoutEmail.Email = absent
	alone.Email, alone.PhoneNumber = absent, absent

	if p.PhoneNumber.IsZero() {
		return []identity{{p, ""}, {alone, "email"}}
	}

	return []identity{{p, ""}, {withoutPhone, "phone_number"}, {withoutEmail, "email"}, {alone, "email, phone_number"}}
}
