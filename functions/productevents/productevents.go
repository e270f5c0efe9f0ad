// Package productevents is the function ProductEvents: it keeps Klaviyo's catalog items and variants in step with
// commercetools' products. The messages and deletions of products trigger it, by a Pub/Sub push subscription.
//
// Whatever the message says, the item is brought to the product as it is now: what shoppers see of it when it is published,
// and away when it isn't. So messages may come twice, late, or in any order.
package productevents

import (
	"context"
	"io"
	"net/http"
	"os"
	"sync"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/settings"
)

const name = "ProductEvents"

func init() {
	handler := sync.OnceValue(func() http.HandlerFunc { return newHandler(envconfig.OsLookuper(), os.Stderr) })

	functions.HTTP(name, func(w http.ResponseWriter, r *http.Request) { handler()(w, r) })
}

// environment is what the function reads of its environment.
type environment struct {
	settings.Commercetools
	settings.Klaviyo
	settings.File
	settings.Parking
	settings.Log
	settings.Shop
}

// newHandler starts the function. With settings missing it still answers, by 503, and its log names them.
func newHandler(variables envconfig.Lookuper, log io.Writer) http.HandlerFunc {
	env, err := settings.Load[environment](context.Background(), variables)
	target := func() (delivery.Target, error) {
		if err != nil {
			return delivery.Target{}, err
		}

		return env.target()
	}

	return delivery.NewHandler(name, env.Logger(log), settings.Once(target))
}

func (e environment) target() (delivery.Target, error) {
	cfg, err := e.Config()
	if err != nil {
		return delivery.Target{}, err
	}

	target := delivery.Target{
		Handle: New(commercetools.New(e.Commercetools.Client()), klaviyo.New(e.Klaviyo.Client()), e.Shop, cfg),
	}

	if e.Topic != "" {
		parker, err := delivery.OpenParker(context.Background(), e.Parking.Project, e.Topic)
		if err != nil {
			return delivery.Target{}, err
		}

		target.Parker = parker
	}

	return target, nil
}
