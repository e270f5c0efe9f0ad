package bulkworker_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

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

// stockTest imports two products, of 5 pieces each, and lets stocks change while the jobs of their variants wait.
type stockTest struct {
	config string
	// there is whether Klaviyo has the variants before.
	there bool
	// before and changed are inventory entries: of an hour ago, and of when the jobs wait.
	before, changed []string
	// deleted is a variant that is deleted then in Klaviyo, so that another job has to create it.
	deleted string
	// written are the stocks that are sent one by one, want all in the end.
	written int64
	want    map[string]any
	// asked is how often commercetools is asked for inventory entries.
	asked int64
}

func entryOf(id int, sku string, quantity int, more string) string {
	return fmt.Sprintf(`{"id":%q,"version":1,"sku":%q,"availableQuantity":%d,"lastModifiedAt":"LATELY"%s}`, idOf(id), sku, quantity, more)
}

const (
	ofOurs  = `,"supplyChannel":{"typeId":"channel","id":"ours"}`
	ofOther = `,"supplyChannel":{"typeId":"channel","id":"other"}`
)

// A job of variants carries the stock as it was when it was started. What changes until it is done has the last word.
func TestStockChangesMeanwhile(t *testing.T) {
	t.Parallel()

	const channel = `{"product":{"inventory":{"useChannelInventory":"ours"}}}`

	for name, c := range map[string]stockTest{
		"nothing changes":        {want: map[string]any{"A": 5.0, "B": 5.0}, asked: 1},
		"while they are created": {changed: []string{entryOf(1, "A", 4, "")}, written: 1, want: map[string]any{"A": 4.0, "B": 5.0}, asked: 1},
		"while they are updated": {there: true, changed: []string{entryOf(1, "A", 4, "")}, written: 1, want: map[string]any{"A": 4.0, "B": 5.0}, asked: 1},
		"while another is created again": {
			there: true, changed: []string{entryOf(1, "A", 4, "")}, deleted: "B", written: 1, want: map[string]any{"A": 4.0, "B": 5.0}, asked: 1,
		},
		"of something else":            {changed: []string{entryOf(1, "C", 4, "")}, want: map[string]any{"A": 5.0, "B": 5.0}, asked: 1},
		"of a channel that none shows": {changed: []string{entryOf(1, "A", 4, ofOther)}, want: map[string]any{"A": 5.0, "B": 5.0}, asked: 1},
		"of the channel": {
			config: channel, changed: []string{entryOf(1, "A", 4, ofOurs)}, written: 1, want: map[string]any{"A": 4.0, "B": 5.0}, asked: 2,
		},
		"of none, where the channel's counts": {
			config: channel, before: []string{entryOf(1, "A", 3, ofOurs)}, changed: []string{entryOf(2, "A", 9, ""), entryOf(3, "B", 8, "")},
			written: 2, want: map[string]any{"A": 3.0, "B": 8.0}, asked: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, c.run)
		})
	}
}

func (c stockTest) run(t *testing.T) {
	t.Helper()
	time.Sleep(sinceBubblesBegin)

	cfg, err := settings.File{JSON: c.config}.Config()
	if err != nil {
		t.Fatal(err)
	}

	shop, account := commercetoolstest.NewServer("demo"), klaviyotest.New(klaviyotest.Options{JobTime: time.Minute})
	realtime := klaviyo.New(functiontest.KlaviyoConfig("http://klaviyo.example", both(shop, account)))

	var asked, written atomic.Int64 // the stocks are written side by side

	transport := both(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/demo/inventory" {
			asked.Add(1)
		}

		shop.ServeHTTP(w, r)
	}), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			written.Add(1)
		}

		if account.ServeHTTP(w, r); isA(r, variantsCreated) || isA(r, variantsUpdated) {
			c.meanwhile(r.Context(), t, shop, realtime)
		}
	}))

	c.begin(t, shop, realtime)

	s := scene{store: bulktest.NewStore(t), wait: time.Hour, process: func(out bulktest.Outward) http.Handler {
		return newProcess(t, out, bulkworker.Importers(
			commercetools.New(functiontest.CommercetoolsConfig("http://commercetools.example", transport)),
			klaviyo.New(functiontest.KlaviyoConfig("http://klaviyo.example", transport)), english(), cfg))
	}}
	got := newResult(t, s.importing(t, bulk.Products, bulk.Options{}, &doomed{}), bulk.Products, account)

	if got.Status != bulk.Done || got.Counts != (bulk.Counts{Read: 2, Sent: 2}) {
		t.Errorf("%s with %+v", got.Status, got.Counts)
	}

	stocks := map[string]any{}
	for _, v := range account.Variants() {
		stocks[v.ExternalID] = v.Attributes["inventory_quantity"]
	}

	if diff := cmp.Diff(c.want, stocks); diff != "" || asked.Load() != c.asked || written.Load() != c.written {
		t.Errorf("asked %d times, wrote %d stocks; they are (-want +got):\n%s", asked.Load(), written.Load(), diff)
	}
}

// begin is how things are before the import.
func (c stockTest) begin(t *testing.T, shop *commercetoolstest.Server, realtime *klaviyo.Client) {
	t.Helper()

	for i, sku := range []string{"A", "B"} {
		shop.Put("product-projections", []byte(strings.Replace(string(aProduct(i+1, "", sku)),
			`"attributes":[]`, `"attributes":[],"availability":{"availableQuantity":5}`, 1)))

		if !c.there {
			continue
		}

		item := klaviyo.Item{ExternalID: idOf(i + 1), Title: "Item"}
		if err := realtime.UpsertItem(t.Context(), item); err != nil {
			t.Fatal(err)
		}

		if err := realtime.UpsertVariant(t.Context(), klaviyo.Variant{ExternalID: sku, ItemID: item.ExternalID, SKU: sku}); err != nil {
			t.Fatal(err)
		}
	}

	putEntries(shop, c.before, time.Now().Add(-time.Hour))
}

// meanwhile is what happens when a job has been started.
func (c stockTest) meanwhile(ctx context.Context, t *testing.T, shop *commercetoolstest.Server, realtime *klaviyo.Client) {
	t.Helper()

	putEntries(shop, c.changed, time.Now())

	if c.deleted != "" {
		if err := realtime.DeleteVariant(ctx, c.deleted); err != nil {
			t.Error(err)
		}
	}
}

func putEntries(shop *commercetoolstest.Server, entries []string, modified time.Time) {
	for _, entry := range entries {
		shop.Put("inventory", []byte(strings.ReplaceAll(entry, "LATELY", modified.UTC().Format("2006-01-02T15:04:05.000Z"))))
	}
}
