// Package customerevents is the function CustomerEvents: it keeps Klaviyo's profiles in step with commercetools'
// customers. The messages and changes of customers trigger it, by a Pub/Sub push subscription.
//
// A new customer becomes a profile; after any other change the profile is brought to the customer as it is now, so that
// messages may come twice, late, or in any order.
//
// With customer.dataErasure.enabled the profile of a customer that was deleted with dataErasure is erased (erasure.go). No
// message then creates a profile of what it carries, so that a late one finds the customer gone and brings nothing back. What
// can't be helped is a writing that read the customer before its end and is done after the erasure: by another instance, of
// a profile that did not exist before, or by an import's job that Klaviyo has not come to yet.
package customerevents

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

const name = "CustomerEvents"

func init() { framework.Register(name, newHandler) }

// environment is what the function reads of its environment.
type environment struct {
	delivery.Environment
}

// newHandler starts the function; see delivery.NewFunction.
func newHandler(variables envconfig.Lookuper, log io.Writer) http.HandlerFunc {
	return delivery.NewFunction(name, variables, log,
		func(ct *commercetools.Client, kl *klaviyo.Client, _ environment, cfg settings.Config) delivery.Handle {
			return New(ct, kl, cfg)
		})
}
