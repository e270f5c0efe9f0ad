package bulkworker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest/contract"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// catalogShop is the worker between a commercetools and a Klaviyo, behind a queue that does not wait: jobs are asked for
// again at once.
type catalogShop struct {
	*post

	context context.Context //nolint:containedctx // the test's
	ct      *commercetoolstest.Server
	kl      *klaviyotest.Server
	client  *commercetools.Client
	// klaviyo is somebody else who writes to Klaviyo: realtime.
	klaviyo *klaviyo.Client

	// fault lets requests to Klaviyo fail, and may do something before they get through; those of realtime never do.
	fault func(r *http.Request, body string) faulttest.Fault
	// asked is called before commercetools answers.
	asked func(r *http.Request)
	// after is called after each delivery of a task; twice delivers each once more.
	after func()
	twice bool
	// killed loses what every other step has done before it is recorded: its task comes again.
	killed bool
	steps  int

	mu       sync.Mutex
	requests map[string]int
}

// killable is an importer whose worker may be killed.
type killable struct {
	bulk.Importer

	shop *catalogShop
}

var errKilled = errors.New("killed")

func (k killable) Import(ctx context.Context, w bulk.Work) (bulk.Page, error) {
	page, err := k.Importer.Import(ctx, w)
	if k.shop.steps++; k.shop.killed && k.shop.steps%2 == 1 {
		return bulk.Page{}, errKilled
	}

	return page, err
}

func (k killable) Settle(ctx context.Context, w bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	settled, err := k.Importer.Settle(ctx, w, jobs)
	if k.shop.steps++; k.shop.killed && k.shop.steps%2 == 1 {
		return bulk.Settled{}, errKilled
	}

	return settled, err
}

func english() settings.Shop {
	return settings.Shop{Locale: "en-US", Currency: "EUR", ProductURL: "https://shop.example.org/{{productSlug}}"}
}

func openCatalog(t *testing.T) *catalogShop {
	t.Helper()

	return openCatalogWith(t, klaviyotest.Options{Key: key}, http.DefaultTransport)
}

func openCatalogWith(t *testing.T, o klaviyotest.Options, transport http.RoundTripper) *catalogShop {
	t.Helper()

	cfg, err := settings.File{}.Config()
	if err != nil {
		t.Fatal(err)
	}

	s := &catalogShop{
		context: t.Context(), ct: commercetoolstest.NewServer("demo"), kl: klaviyotest.New(o), requests: map[string]int{},
		fault: func(*http.Request, string) faulttest.Fault { return faulttest.Fault{} },
		asked: func(*http.Request) {}, after: func() {},
	}

	ct := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.count("GET " + r.URL.Path)
		s.asked(r)
		s.ct.ServeHTTP(w, r)
	}))
	kl := httptest.NewServer(faulttest.Wrap(s.kl, func(r *http.Request) faulttest.Fault {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}

		r.Body = io.NopCloser(bytes.NewReader(body))
		s.count(r.Method + " " + r.URL.Path)

		return s.fault(r, string(body))
	}))
	realtime := httptest.NewServer(s.kl)

	t.Cleanup(ct.Close)
	t.Cleanup(kl.Close)
	t.Cleanup(realtime.Close)

	s.klaviyo = klaviyo.New(klaviyo.Config{APIURL: realtime.URL, AuthKey: key})
	s.client = commercetools.New(functiontest.CommercetoolsConfig(ct.URL, nil))

	importers := bulkworker.Importers(s.client,
		klaviyo.New(klaviyo.Config{APIURL: kl.URL, AuthKey: key, Transport: transport}), english(), cfg)
	for resource, importer := range importers {
		importers[resource] = killable{importer, s}
	}

	s.post = newPost(t, importers)

	return s
}

func (s *catalogShop) count(request string) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.requests[request]++
}

// counted returns how many requests there were since the last call, and forgets them.
func (s *catalogShop) counted(request string) int {
	s.mu.Lock()
	defer s.mu.Unlock()

	n := s.requests[request]
	delete(s.requests, request)

	return n
}

// importing runs an import to its end.
func (s *catalogShop) importing(t *testing.T, resource bulk.Resource, o bulk.Options) bulk.Progress {
	t.Helper()

	if err := o.Normalize(resource); err != nil {
		t.Fatal(err)
	}

	if _, err := s.control.Start(t.Context(), resource, o); err != nil {
		t.Fatal(err)
	}

	s.deliverUntilDone(t)

	p, err := s.control.Progress(t.Context(), resource, 2000)
	if err != nil {
		t.Fatal(err)
	}

	if p.Read != p.Sent+p.Failed+p.Skipped || p.Sent < 0 || p.Failed < 0 {
		t.Errorf("counts = %+v: they do not add up", p.Counts)
	}

	return p
}

// deliverUntilDone delivers tasks, and those that come back again, until there are no more.
func (s *catalogShop) deliverUntilDone(t *testing.T) {
	t.Helper()

	for range 5_000 {
		task, ok := s.Next()
		if !ok {
			return
		}

		if deliver(t, s.handler, task) != http.StatusNoContent {
			_ = s.Enqueue(t.Context(), task, 0)
		} else if s.twice {
			deliver(t, s.handler, task)
		}

		s.after()
	}

	t.Fatal("the run does not end")
}

// kept is a catalog as the tests compare it: attributes by external id.
type kept struct{ Categories, Items, Variants map[string]map[string]any }

// catalog returns what Klaviyo has.
func (s *catalogShop) catalog() kept {
	shelf := func(entries []klaviyotest.Entry, refs string) map[string]map[string]any {
		all := map[string]map[string]any{}
		for _, e := range entries {
			delete(e.Attributes, "external_id")

			if refs != "" {
				e.Attributes[refs] = e.Refs
			}

			all[e.ExternalID] = e.Attributes
		}

		return all
	}

	return kept{shelf(s.kl.Categories(), ""), shelf(s.kl.Items(), "categories"), shelf(s.kl.Variants(), "item")}
}

// wanted returns what Klaviyo should have of what commercetools has now.
func (s *catalogShop) wanted(t *testing.T) kept {
	t.Helper()

	all := kept{map[string]map[string]any{}, map[string]map[string]any{}, map[string]map[string]any{}}

	for _, c := range scan[commercetools.Category](t, s, commercetools.Categories, commercetools.ExpandAncestors) {
		all.Categories[c.ID] = map[string]any{"name": mapping.Category(c, english().Mapping()).Name}
	}

	prices := scan[commercetools.StandalonePrice](t, s, commercetools.StandalonePrices)

	for _, p := range scan[commercetools.Product](t, s, commercetools.ProductProjections, commercetools.ExpandCategoryAncestors) {
		item, variants, err := mapping.Product(p, prices, english().Mapping(), mapping.ProductConfig{MissingText: "None"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}

		all.Items[item.ExternalID] = attributes(t, item.Title, item.Description, item.URL, item.ImageFullURL, item.Price, item.CustomMetadata)
		all.Items[item.ExternalID]["categories"] = slices.Sorted(slices.Values(item.CategoryIDs))

		for _, v := range variants {
			one := attributes(t, v.Title, v.Description, v.URL, v.ImageFullURL, v.Price, v.CustomMetadata)
			one["item"], one["sku"], one["inventory_policy"] = []string{v.ItemID}, v.SKU, 1.0
			one["inventory_quantity"] = float64(v.InventoryQuantity)
			all.Variants[v.ExternalID] = one
		}
	}

	return all
}

func scan[T any](t *testing.T, s *catalogShop, e commercetools.Endpoint, expand ...string) (all []T) {
	t.Helper()

	for last := (commercetools.Window{}); ; {
		page, err := s.client.Scan(t.Context(), e, last, commercetools.MaxLimit, commercetools.Query{Expand: expand})
		if err != nil {
			t.Fatal(err)
		}

		for _, raw := range page {
			all = append(all, read[T](t, raw))
			last.After = read[struct{ ID string }](t, raw).ID
		}

		if len(page) < commercetools.MaxLimit {
			return all
		}
	}
}

func attributes(
	t *testing.T, title, description, url string, image klaviyo.Field[string], price json.Number, metadata map[string]string,
) map[string]any {
	t.Helper()

	amount, err := price.Float64()
	if err != nil {
		t.Fatal(err)
	}

	custom := map[string]any{}
	for k, v := range metadata {
		custom[k] = v
	}

	all := map[string]any{
		"title": title, "description": description, "url": url, "price": amount, "published": true, "custom_metadata": custom,
	}
	if picture, ok := image.Get(); ok {
		all["image_full_url"] = picture
	}

	return all
}

// inStep fails unless Klaviyo has exactly what commercetools has.
func (s *catalogShop) inStep(t *testing.T) {
	t.Helper()

	if diff := cmp.Diff(s.wanted(t), s.catalog()); diff != "" {
		t.Errorf("Klaviyo's catalog (-want +got):\n%s", diff)
	}
}

// aCategory is a category; number makes its id.
func aCategory(number int) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"id":%q,"version":1,"createdAt":"2024-01-01T00:00:00Z","lastModifiedAt":"2024-01-01T00:00:00Z",
		"name":{"en":"Category %d"},"slug":{"en":"c"},"ancestors":[]}`, idOf(number), number))
}

// aProduct is a published product with these SKUs; number makes its id.
func aProduct(number int, more string, skus ...string) json.RawMessage {
	variants := make([]string, len(skus))
	for i, sku := range skus {
		variants[i] = fmt.Sprintf(`{"id":%d,"sku":%q,"prices":[],"images":[],"attributes":[]}`, i+1, sku)
	}

	return json.RawMessage(fmt.Sprintf(`{"id":%q,"version":1,"createdAt":"2024-01-01T00:00:00Z","lastModifiedAt":"2024-01-01T00:00:00Z",
		"name":{"en":"Product %d"},"slug":{"en":"p%[2]d"},"categories":[],"published":true,"masterVariant":%s,"variants":[%s]%s}`,
		idOf(number), number, variants[0], strings.Join(variants[1:], ","), more))
}

// skus are so many SKUs of a product.
func skus(number, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("S%d-%d", number, i)
	}

	return all
}

// checked holds every request against Klaviyo's OpenAPI descriptions.
func checked(t *testing.T) *catalogShop {
	t.Helper()

	return openCatalogWith(t, klaviyotest.Options{Key: key}, contract.Transport(t, http.DefaultTransport))
}
