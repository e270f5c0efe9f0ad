// Package paymentevents is the function PaymentEvents: it records refunds in Klaviyo. The messages of payments trigger it, by
// a Pub/Sub push subscription.
//
// A transaction of type Refund is a Refunded Order of the order that the payment belongs to. Klaviyo records an event of the
// same metric, profile and unique id once, so that messages may come twice and in any order, and that a refund which is
// announced, pending and done is one event.
package paymentevents

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

const name = "PaymentEvents"

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
