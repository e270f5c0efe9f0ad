// Package orderevents is the function OrderEvents: it records in Klaviyo what becomes of commercetools' orders. The messages
// of orders trigger it, by a Pub/Sub push subscription.
//
// A new order is a Placed Order and an Ordered Product for each line item; an order that was fulfilled or cancelled is a
// Fulfilled Order or Cancelled Order. Klaviyo records an event of the same metric, profile and unique id once, so that
// messages may come twice, and whatever fails half-way is done all over again.
//
// A guest's order has an email address and no customer, and its events name no more than that. Klaviyo finds the profile
// that has the address or creates one, so that customer.deduplication, which looks an address up before a profile is
// created, has nothing to add here.
package orderevents

import (
	"io"
	"net/http"

	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/framework"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/settings"
)

const name = "OrderEvents"

func init() { framework.Register(name, newHandler) }

// environment is what the function reads of its environment.
type environment struct {
	delivery.Environment
	settings.Shop
}

// newHandler starts the function; see delivery.NewFunction.
func newHandler(variables envconfig.Lookuper, log io.Writer) http.HandlerFunc {
	return delivery.NewFunction(name, variables, log,
		func(ct *commercetools.Client, kl *klaviyo.Client, env environment, cfg settings.Config) delivery.Handle {
			return New(ct, kl, env.Shop, cfg)
		})
}
