package bulkworker_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/settings"
)

// An API client may see what is published, and not the inventory: products are imported all the same.
func TestStockRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(sinceBubblesBegin)

		shop, account := commercetoolstest.NewServer("demo"), klaviyotest.New(klaviyotest.Options{JobTime: time.Minute})
		shop.Put("product-projections", aProduct(1, "", "A"))

		asked := 0
		transport := both(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/demo/inventory" {
				shop.ServeHTTP(w, r)
				return
			}

			asked++

			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"message":"Insufficient scope.","errors":[{"code":"insufficient_scope","message":"No."}]}`))
		}), account)

		s := scene{store: bulktest.NewStore(t), wait: time.Hour, process: func(out bulktest.Outward) http.Handler {
			return newProcess(t, out, bulkworker.Importers(
				commercetools.New(functiontest.CommercetoolsConfig("http://commercetools.example", transport)),
				klaviyo.New(functiontest.KlaviyoConfig("http://klaviyo.example", transport)), english(), settings.Config{}))
		}}
		got := newResult(t, s.importing(t, bulk.Products, bulk.Options{}, &doomed{}), bulk.Products, account)

		if got.Status != bulk.Done || got.Counts != (bulk.Counts{Read: 1, Sent: 1}) || asked != 1 || len(account.Variants()) != 1 {
			t.Errorf("%s with %+v, asked %d times for the inventory, %d variants", got.Status, got.Counts, asked, len(account.Variants()))
		}
	})
}
