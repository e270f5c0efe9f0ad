// Package categoryevents is the function CategoryEvents: it keeps Klaviyo's catalog categories in step with commercetools'
// categories. The messages and changes of categories trigger it, by a Pub/Sub push subscription.
//
// Whatever the change was, the catalog category is brought to the category as it is now, so that messages may come twice,
// late, or in any order. A deletion is final: an id never comes back.
package categoryevents

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

const name = "CategoryEvents"

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

	// Locale is the language of the names; it may be empty.
	Locale settings.Locale `env:"PREFERRED_LOCALE"`
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
		Handle: New(
			commercetools.New(e.Commercetools.Client()), klaviyo.New(e.Klaviyo.Client()), settings.Shop{Locale: e.Locale}, cfg,
		),
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
