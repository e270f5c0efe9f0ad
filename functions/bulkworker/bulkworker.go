// Package bulkworker is the function BulkWorker: it does one task of an import at a time. Cloud Tasks calls it, and calls
// it again until the task is done.
package bulkworker

import (
	"context"
	"io"
	"net/http"

	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/cloud"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/framework"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/once"
	"github.com/ctklaviyo/connector/shared/settings"
)

const name = "BulkWorker"

func init() { framework.Register(name, newHandler) }

// environment is what the function reads of its environment.
type environment struct {
	settings.Commercetools
	settings.Klaviyo
	settings.Shop
	settings.File
	settings.Sync
	settings.Log
}

// newHandler starts the function. With settings missing it still answers, by 503, and its log names them.
func newHandler(variables envconfig.Lookuper, log io.Writer) http.Handler {
	env, err := settings.Load[environment](context.Background(), variables)
	logger := env.Logger(log)

	return New(once.Success(func() (*bulk.Worker, error) {
		if err != nil {
			return nil, err
		}

		cfg, err := env.Config()
		if err != nil {
			return nil, err
		}

		store, queue, err := cloud.Open(context.Background(), env.Sync)
		if err != nil {
			return nil, err
		}

		ct, kl := commercetools.New(env.Commercetools.Client()), klaviyo.New(env.Klaviyo.Client())

		return bulk.NewWorker(store, queue, Importers(ct, kl, env.Shop, cfg), logger), nil
	}), logger)
}

// Importers returns the import of each resource.
func Importers(
	ct *commercetools.Client, kl *klaviyo.Client, shop settings.Shop, cfg settings.Config,
) map[bulk.Resource]bulk.Importer {
	categories, products := newCategoryImport(ct, kl, shop, cfg), newProductImport(ct, kl, shop, cfg)

	return map[bulk.Resource]bulk.Importer{
		bulk.Categories: judging{withDeletion{categories, categories.deletion()}},
		bulk.Products:   judging{withDeletion{products, products.deletion()}},
		bulk.Customers:  judging{newCustomerImport(ct, kl, cfg.Customer.CustomFields.Properties)},
		bulk.Orders:     judging{newOrderImport(ct, kl, shop, cfg)},
	}
}
