package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// probe is a request that needs read scopes of Klaviyo's, and changes nothing.
// Source: x-klaviyo-scopes in Klaviyo's OpenAPI description.
type probe struct {
	name, scope string
	try         func(context.Context, *klaviyo.Client) error
}

func probes() []probe {
	return []probe{
		{"klaviyo profiles", "profiles:read", func(ctx context.Context, kl *klaviyo.Client) error {
			_, _, err := kl.FindProfileByEmail(ctx, "nobody@ctklaviyo.invalid")

			return err
		}},
		{"klaviyo imports", "lists:read", func(ctx context.Context, kl *klaviyo.Client) error {
			_, err := kl.ImportJob(ctx, "nobody")
			if klaviyo.IsNotFound(err) { // Who lacks the scope isn't told so.
				return nil
			}

			return err
		}},
		{"klaviyo catalog", "catalogs:read", func(ctx context.Context, kl *klaviyo.Client) error {
			_, _, err := kl.CategoryIDs(ctx, "")

			return err
		}},
	}
}

// examineKlaviyo checks the key, and its scopes as far as they can be. Deleting profiles takes one of its own.
func (r *diagnosis) examineKlaviyo(ctx context.Context, kl *klaviyo.Client, deletes bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	for _, p := range probes() {
		if !r.probed(p, p.try(ctx, kl)) {
			return
		}
	}

	scopes := "profiles:write, lists:write, events:write and catalogs:write"
	if deletes {
		scopes = "profiles:write, lists:write, events:write, catalogs:write, and for customer.dataErasure data-privacy:write"
	}

	r.add(checkSkipped, "klaviyo write scopes", scopes+" can't be tried without writing",
		"see that the key has them in Klaviyo's settings; a missing one shows as 403 with the first message or import")
}

// probed judges an answer. It tells whether it is worth going on: not with a key that Klaviyo doesn't know, or without Klaviyo.
func (r *diagnosis) probed(p probe, err error) bool {
	e, _ := errors.AsType[*klaviyo.Error](err)

	switch {
	case err == nil:
		r.add(checkOK, p.name, "can be read", "")
	case unanswered(err):
		r.failure("klaviyo", err, "is KLAVIYO_API_URL right, and can this machine reach it? If so, try again later")

		return false
	case e.Status == http.StatusUnauthorized:
		r.failure("klaviyo key", err, "Klaviyo doesn't know it: is KLAVIYO_AUTH_KEY a private key of this account?")

		return false
	case e.Status == http.StatusForbidden && e.Code() != "":
		r.add(checkMissing, p.name, "the key lacks the scope "+p.scope, "use a key that has it")
	default:
		r.failure(p.name, err, "is KLAVIYO_API_URL right? A 403 without a code is a firewall's, and may pass")
	}

	return true
}
