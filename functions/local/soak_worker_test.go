package main

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/settings"
)

// newWorker starts an instance of BulkWorker.
func newWorker(t *testing.T, ct, kl http.Handler, out bulktest.Outward, log *slog.Logger) http.Handler {
	t.Helper()

	cfg, err := settings.File{}.Config()
	if err != nil {
		t.Fatal(err)
	}

	// So that an event is the same whether it was made of a message or by the import.
	cfg.Bulk.Backfill = false

	all := bulkworker.Importers(
		commercetools.New(functiontest.CommercetoolsConfig(functiontest.Memory("http://commercetools.example", ct))),
		klaviyo.New(klaviyoInMemory(kl)), soakShop(), cfg)
	worker := bulk.NewWorker(out, out, bulktest.InSteps(all, 3, 100), log)

	return bulkworker.New(func() (*bulk.Worker, error) { return worker, nil }, log)
}
