// Package inventoryevents is the function InventoryEvents: it keeps the stock of Klaviyo's catalog variants in step with
// commercetools' inventory. The changes of inventory entries trigger it, by a Pub/Sub push subscription.
//
// Orders change the stock without a message, so that the changes are what counts. Each brings the variant to the stock as
// it is now, so that they may come twice, late, or in any order. The end of an entry is such a change: the SKU's other
// entries are left, or none.
package inventoryevents

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

const name = "InventoryEvents"

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
