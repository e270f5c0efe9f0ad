package klaviyo

// Identity is a profile without some of its identifiers.
type Identity struct {
	Profile Profile
	// LeftOut names them, for a log: "phone_number".
	LeftOut string
}

// Identities lists a profile with ever fewer identifiers, beginning with all, in the order in which they are worth trying
// when Klaviyo says that another profile owns one, or refuses the phone number: the profile with the external_id wins, else
// the one with the email. The phone number goes first: people share one, and it is the lowest in rank. The rest of the
// profile is always there.
func Identities(p Profile) []Identity {
	withoutPhone, withoutEmail := p.WithoutPhone(), p
	withoutEmail.Email = Field[string]{}
	alone := withoutEmail.WithoutPhone()

	if p.PhoneNumber.IsZero() {
		return []Identity{{p, ""}, {alone, "email"}}
	}

	return []Identity{{p, ""}, {withoutPhone, "phone_number"}, {withoutEmail, "email"}, {alone, "email, phone_number"}}
}
