package bulkworker_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/settings"
)

// smallShop has a little of everything, and a customer whose phone number the account knows as another's, and whom somebody
// changes all the time: a run reads them again at its end.
func smallShop(size commercetoolstest.Size) (*commercetoolstest.Server, *commercetoolstest.Shop) {
	generated := commercetoolstest.NewShop(7, size)

	ct := commercetoolstest.NewServer("demo")
	ct.Fill(generated)
	ct.Put("customers", json.RawMessage(strings.Replace(string(customer(1, "+49 30 123456")),
		`"lastModifiedAt":"2024`, `"lastModifiedAt":"2044`, 1)))

	return ct, generated
}

// usedAccount is a Klaviyo that has been in use: somebody has that phone number, all categories but the last have other names,
// and the first product is there with a variant that it no longer has.
func usedAccount(t *testing.T, generated *commercetoolstest.Shop, o klaviyotest.Options) *klaviyotest.Server {
	t.Helper()

	server := klaviyotest.New(o)
	client := klaviyo.New(functiontest.KlaviyoConfig(functiontest.Memory("http://klaviyo.example", server)))
	_, err := client.CreateProfile(t.Context(), klaviyo.Profile{Email: klaviyo.Set("owner@kunden.example.de"), PhoneNumber: klaviyo.Set("+4930123456")})

	for n := range generated.Len("categories") - 1 {
		id := read[commercetools.Category](t, generated.Resource("categories", n)).ID
		err = errors.Join(err, client.CreateCategory(t.Context(), klaviyo.Category{ExternalID: id, Name: "Before"}))
	}

	product := read[commercetools.Product](t, generated.Resource("product-projections", 0))
	err = errors.Join(err, client.CreateItem(t.Context(), klaviyo.Item{
		ExternalID: product.ID, Title: "Before", Description: "Before", URL: "https://shop.example/before", Price: "1", Published: true,
	}))

	for _, sku := range []string{product.MasterVariant.SKU, "no-longer"} {
		err = errors.Join(err, client.CreateVariant(t.Context(), klaviyo.Variant{
			ExternalID: sku, ItemID: product.ID, Title: "Before", Description: "Before", SKU: sku, URL: "https://shop.example/before",
			Price: "1", Published: true,
		}))
	}

	if err != nil {
		t.Fatal(err)
	}

	return server
}

// importers are those of a new process that reaches the two by a transport.
func importers(t *testing.T, transport http.RoundTripper) map[bulk.Resource]bulk.Importer {
	t.Helper()

	cfg, err := settings.File{}.Config()
	if err != nil {
		t.Fatal(err)
	}

	return bulkworker.Importers(
		commercetools.New(functiontest.CommercetoolsConfig("http://commercetools.example", transport)),
		klaviyo.New(functiontest.KlaviyoConfig("http://klaviyo.example", transport)),
		settings.Shop{Locale: "en-US", Currency: "EUR", ProductURL: "https://shop.example/{{productSlug}}"}, cfg)
}

// both leads to the handler of either host.
func both(ct, kl http.Handler) http.RoundTripper {
	_, transport := functiontest.Memory("", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Host, "klaviyo") {
			kl.ServeHTTP(w, r)
		} else {
			ct.ServeHTTP(w, r)
		}
	}))

	return transport
}

// result is what an import comes to.
type result struct {
	Status   bulk.Status
	Reason   string
	Counts   bulk.Counts
	Failures []bulk.Failure
	Account  map[string]klaviyotest.Record
}

func newResult(t *testing.T, control *bulk.Control, resource bulk.Resource, account *klaviyotest.Server) result {
	t.Helper()

	p, err := control.Progress(t.Context(), resource, 1000)
	if err != nil {
		t.Fatal(err)
	}

	slices.SortFunc(p.Errors, func(a, b bulk.Failure) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Reason, b.Reason))
	})

	return result{p.Status, p.Reason, p.Counts, p.Errors, account.State()}
}
