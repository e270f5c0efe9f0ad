// Package productevents is the function ProductEvents: it keeps Klaviyo's catalog items and variants in step with
// commercetools' products. The messages and deletions of products trigger it, by a Pub/Sub push subscription.
//
// Whatever the message says, the item is brought to the product as it is now: what shoppers see of it when it is published,
// and away when it isn't. So messages may come twice, late, or in any order.
package productevents

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

const name = "ProductEvents"

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
