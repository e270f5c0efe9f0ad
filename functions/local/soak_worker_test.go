package main

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/settings"
)

// newWorker starts an instance of BulkWorker.
func newWorker(t *testing.T, ct, kl http.Handler, out faulty, log *slog.Logger) http.Handler {
	t.Helper()

	cfg, err := settings.File{}.Config()
	if err != nil {
		t.Fatal(err)
	}

	// So that an event is the same whether it was made of a message or by the import.
	cfg.Bulk.Backfill = false

	importers := bulkworker.Importers(
		commercetools.New(functiontest.CommercetoolsConfig(functiontest.Memory("http://commercetools.example", ct))),
		klaviyo.New(klaviyoInMemory(kl)), soakShop(), cfg)
	for resource, importer := range importers {
		importers[resource] = inSteps{importer}
	}

	worker := bulk.NewWorker(out, out, importers, log)

	return bulkworker.New(func() (*bulk.Worker, error) { return worker, nil }, log)
}

// inSteps takes several shards, and several tasks in each, for a shop that one task would do.
type inSteps struct{ bulk.Importer }

// Plan implements bulk.Importer.
func (i inSteps) Plan(ctx context.Context, o bulk.Options) (bulk.Plan, error) {
	plan, err := i.Importer.Plan(ctx, o)
	plan.Shards = max(plan.Shards, 3)

	return plan, err
}

// Import implements bulk.Importer.
func (i inSteps) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	w.Limit = cmp.Or(w.Limit, 100)

	return i.Importer.Import(ctx, w)
}
