// Package categoryevents is the function CategoryEvents: it keeps Klaviyo's catalog categories in step with commercetools'
// categories. The messages and changes of categories trigger it, by a Pub/Sub push subscription.
//
// Whatever the change was, the catalog category is brought to the category as it is now, so that messages may come twice,
// late, or in any order. A deletion is final: an id never comes back.
package categoryevents

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

const name = "CategoryEvents"

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
