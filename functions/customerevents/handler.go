package customerevents

import (
	"context"
	"slices"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/instep"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// handler keeps profiles in step with customers.
type handler struct {
	ct    *commercetools.Client
	kl    *klaviyo.Client
	cfg   settings.Config
	turns *instep.Turns
}

// New returns what the function does with a message. Its errors are for delivery.Classify.
func New(ct *commercetools.Client, kl *klaviyo.Client, cfg settings.Config) delivery.Handle {
	return handler{ct: ct, kl: kl, cfg: cfg, turns: instep.NewTurns()}.handle
}

// handle is the routing table.
func (h handler) handle(ctx context.Context, m delivery.Message) error {
	switch {
	case m.Resource.TypeID != "customer":
		return delivery.Ignored("not about a customer")
	case m.Type == settings.CustomerCreated:
		return delivery.UnlessDisabled(h.cfg, settings.CustomerCreated, h.created)(ctx, m)
	case m.Type == settings.CustomerCompanyNameSet:
		return delivery.UnlessDisabled(h.cfg, settings.CustomerCompanyNameSet, h.changed)(ctx, m)
	case m.NotificationType == delivery.ResourceUpdated, m.NotificationType == delivery.ResourceCreated:
		return delivery.UnlessDisabled(h.cfg, settings.CustomerResourceUpdated, h.changed)(ctx, m)
	case m.NotificationType == delivery.ResourceDeleted:
		return h.deleted(ctx, m)
	case slices.Contains(h.cfg.Customer.Messages.AddressChanged, m.Type):
		return h.changed(ctx, m)
	default:
		return delivery.Ignored("no message that changes a profile")
	}
}

// created creates the profile. When there is one already, another message came first, and what this message says may be old;
// what Klaviyo refuses may have been corrected since. Both times the profile is brought to the customer as it is now.
func (h handler) created(ctx context.Context, m delivery.Message) error {
	return h.turns.Take(ctx, m.Resource.ID, "create", func() error { return h.create(ctx, m) })
}

// changed brings the profile to the customer as it is now, whatever the change was: one request to commercetools, and one
// to Klaviyo, or a few more when another profile has the same identifiers.
func (h handler) changed(ctx context.Context, m delivery.Message) error {
	return h.turns.Take(ctx, m.Resource.ID, "update", func() error { return h.sync(ctx, m.Resource.ID, h.upsert) })
}

func (h handler) create(ctx context.Context, m delivery.Message) error {
	switch {
	case h.cfg.Customer.Deduplication.Enabled:
		return h.sync(ctx, m.Resource.ID, h.deduplicate)
	case h.cfg.Customer.DataErasure.Enabled:
		// What the message carries may have been erased since.
		return h.sync(ctx, m.Resource.ID, h.upsert)
	}

	customer, err := h.customerOf(ctx, m)
	if err != nil {
		return err
	}

	profile, err := h.profile(customer)
	if err != nil {
		return err
	}

	err = withoutRefusedPhone(ctx, profile, h.createProfile)
	if delivery.Classify(err) == delivery.Never {
		return h.createCorrected(ctx, m.Resource.ID, err)
	}

	return err
}

// createCorrected brings the profile to the customer as it is now, after it was refused as it was. The refusal stays when the
// customer is gone; but a profile that was there already is no loss.
func (h handler) createCorrected(ctx context.Context, id string, refusal error) error {
	err := h.sync(ctx, id, h.upsert)
	if commercetools.IsNotFound(err) && !klaviyo.IsConflict(refusal) {
		return refusal
	}

	return err
}

// customerOf returns the customer that the message carries, else the one that it names.
func (h handler) customerOf(ctx context.Context, m delivery.Message) (commercetools.Customer, error) {
	customer, ok, err := delivery.Carried[commercetools.Customer](m, "customer")
	if err != nil || ok {
		return customer, err
	}

	return h.ct.Customer(ctx, m.Resource.ID)
}

func (h handler) profile(c commercetools.Customer) (klaviyo.Profile, error) {
	return mapping.Profile(c, h.cfg.Customer.CustomFields.Properties)
}

// sync writes the customer as it is now.
func (h handler) sync(ctx context.Context, id string, write func(context.Context, klaviyo.Profile) error) error {
	return instep.Sync(ctx, func(ctx context.Context) (klaviyo.Profile, error) {
		customer, err := h.ct.Customer(ctx, id)
		if err != nil {
			return klaviyo.Profile{}, err
		}

		return h.profile(customer)
	}, write)
}
