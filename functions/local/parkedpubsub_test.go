package main

import (
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// sampleProject is the key of the project that the samples are of.
const sampleProject = "demo"

// The sample resources, by what the test does with their messages.
const (
	newCustomer     = "043cf898-d6f7-4572-b0c9-7e65a577069e"
	refusedCustomer = "01e65d65-bf95-48d1-a4c8-7103dc535812"
	laterCustomer   = "02433eac-590f-4379-84d8-a22b350dbe8a"
	newCategory     = "1ba940d8-d243-42ee-a214-c8d51abe8b45"
	product         = "0f0443ef-d561-4a75-8858-bc2f7fc4f6b2"
	stockedSKU      = "SKU-0000010-3"
	laterPath       = "/" + sampleProject + "/customers/" + laterCustomer
)

var deployedOnce atomic.Bool //nolint:gochecknoglobals // what the framework keeps is global too

// TestPubSub goes the whole way, with everything real but the two shops: published messages are pushed to the functions;
// what fails is delivered again, what never succeeds is parked, and everything else arrives. Then an operator looks at
// what is parked, removes the cause, and replays it.
func TestPubSub(t *testing.T) { //nolint:paralleltest // it sets environment variables
	if !deployedOnce.CompareAndSwap(false, true) {
		t.Skip("the framework starts once in a process")
	}

	c := openCloud(t)
	c.fill(t)
	c.refuse(refusedCustomer)
	c.later[laterPath] = 2

	for _, m := range []struct{ function, sample string }{
		// The product is in the new category, and comes before it: Klaviyo refuses it until the category is there.
		{"ProductEvents", "ProductPublished"},
		{"CustomerEvents", "CustomerCreated"},
		{"OrderEvents", "OrderCreated"},
		{"InventoryEvents", "inventory-entry ResourceUpdated"},
		{"CategoryEvents", "CategoryCreated"},
	} {
		c.publish(t, m.function, functiontest.SampleMessage(t, m.sample))
	}

	c.publish(t, "CustomerEvents", customerUpdated(t, refusedCustomer))
	c.publish(t, "CustomerEvents", customerUpdated(t, laterCustomer))
	c.publish(t, "OrderEvents", []byte("poison of ann@example.org"))

	want := map[string]any{
		"customer " + newCustomer: true, "customer " + laterCustomer: true, "category " + newCategory: true, "item " + product: true,
		"event Placed Order": true, "event Ordered Product": true, "stock of " + stockedSKU: 477.0,
	}
	c.wait(t, want)

	if left := c.failures(laterPath); left != 0 {
		t.Errorf("%d deliveries were to fail and have not", left)
	}

	refused := c.wantParked(t)
	c.replayed(t, refused)
	c.wantNothingDead(t)
}

// fill has the samples in commercetools, and in Klaviyo what their messages build on.
func (c *cloud) fill(t *testing.T) {
	t.Helper()

	for _, resources := range []string{"customers", "orders", "categories", "inventory", "product-projections"} {
		c.ct.Put(resources, functiontest.Samples(t, resources)...)
	}

	var published struct {
		ProductProjection json.RawMessage `json:"productProjection"`
	}
	if err := json.Unmarshal(functiontest.SampleMessage(t, "ProductPublished"), &published); err != nil {
		t.Fatal(err)
	}

	c.ct.Put("product-projections", published.ProductProjection)
	c.categories(t, append(functiontest.Samples(t, "categories"), published.ProductProjection))

	if err := c.client.CreateItem(t.Context(), klaviyo.Item{ExternalID: "p", Title: "Shirt"}); err != nil {
		t.Fatal(err)
	}

	if err := c.client.CreateVariant(t.Context(), klaviyo.Variant{ExternalID: stockedSKU, ItemID: "p", Title: "Shirt", SKU: stockedSKU}); err != nil {
		t.Fatal(err)
	}
}

// categories has Klaviyo know the categories that these resources refer to, but for the new one.
func (c *cloud) categories(t *testing.T, resources []json.RawMessage) {
	t.Helper()

	for _, raw := range resources {
		var r struct {
			Categories []commercetools.Reference `json:"categories"`
			Ancestors  []commercetools.Reference `json:"ancestors"`
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatal(err)
		}

		for _, ref := range slices.Concat(r.Categories, r.Ancestors) {
			if ref.ID == newCategory {
				continue
			}

			if err := c.client.UpsertCategory(t.Context(), klaviyo.Category{ExternalID: ref.ID, Name: "c"}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// wait waits until all of it is in Klaviyo.
func (c *cloud) wait(t *testing.T, want map[string]any) {
	t.Helper()

	var diff string

	for range 600 {
		got := c.arrived()

		diff = cmp.Diff(want, got, cmpopts.IgnoreMapEntries(func(key string, _ any) bool { return want[key] == nil }))
		if diff == "" {
			return
		}

		time.Sleep(100 * time.Millisecond)
	}

	t.Fatalf("it has not arrived (-want +got):\n%s", diff)
}

// wantParked looks at what is parked, twice since looking must not take it away, and returns the refused message's id.
func (c *cloud) wantParked(t *testing.T) string {
	t.Helper()

	var rows []parkedRow

	for range 2 {
		rows = c.listed(t)
		want := []parkedRow{
			{
				Function: "CustomerEvents", Reason: "klaviyo_rejected", ResourceType: "customer", ResourceID: refusedCustomer,
				KlaviyoStatus: "400", KlaviyoCode: "invalid", KlaviyoPointer: "/data/attributes/email",
			},
			{Function: "OrderEvents", Reason: "unreadable"},
		}

		sorted := cmpopts.SortSlices(func(a, b parkedRow) bool { return a.Function < b.Function })
		if diff := cmp.Diff(want, rows, sorted, cmpopts.IgnoreFields(parkedRow{}, "ID", "ParkedAt", "Error")); diff != "" {
			t.Fatalf("parked (-want +got):\n%s", diff)
		}
	}

	if rows[0].Function == "CustomerEvents" {
		return rows[0].ID
	}

	return rows[1].ID
}

func (c *cloud) listed(t *testing.T) []parkedRow {
	t.Helper()

	return listed(t, c.env, "--wait", "1s")
}

// replayed replays while the cause is still there, and then without it. In the end nobody is missing.
func (c *cloud) replayed(t *testing.T, refused string) {
	t.Helper()

	code, out := finish(t, local(t, c.env, "parked", "replay", "--wait", "1s"))
	if code != exitFailedRecords {
		t.Errorf("exit %d, want %d", code, exitFailedRecords)
	}

	wantIn(t, out, refused+" CustomerEvents customer/"+refusedCustomer+": still refused: klaviyo_rejected", "0 done, 2 still refused, 0 later")
	c.refuse("")

	code, out = finish(t, local(t, c.env, "parked", "replay", "--wait", "1s", "--id", refused))
	if code != 0 {
		t.Errorf("exit %d, want 0", code)
	}

	wantIn(t, out, refused+" CustomerEvents customer/"+refusedCustomer+": done", "1 done, 0 still refused, 0 later")
	c.wait(t, map[string]any{"customer " + refusedCustomer: true})

	rows := c.listed(t)
	if len(rows) != 1 || rows[0].Reason != "unreadable" {
		t.Fatalf("%+v stay parked, want the poison", rows)
	}

	// Nothing can mend the poison: somebody takes it out by hand.
	s, err := delivery.OpenParkedSubscription(t.Context(), cloudProject+"/subscriptions/parked")
	if err != nil {
		t.Fatal(err)
	}

	kept, err := s.Read(t.Context(), 1, time.Second)
	if err != nil || len(kept) != 1 || string(kept[0].Data) != "poison of ann@example.org" || kept[0].Attributes["projectKey"] != sampleProject {
		t.Fatalf("read %+v, %v, want the poison as it was published", kept, err)
	}

	if err := s.Remove(t.Context(), kept[0].ID); err != nil {
		t.Fatal(err)
	}

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	code, out = finish(t, local(t, c.env, "parked", "list", "--wait", "1s"))
	if code != 0 || !strings.HasPrefix(out, "nothing is parked in ") {
		t.Errorf("exit %d: %s", code, out)
	}
}

// wantNothingDead: no message has used up its deliveries.
func (c *cloud) wantNothingDead(t *testing.T) {
	t.Helper()

	rows := listed(t, append(c.env, "PARKED_SUBSCRIPTION="+cloudProject+"/subscriptions/dead-letter"), "--wait", "1s")
	if len(rows) != 0 {
		t.Errorf("%d messages in the dead-letter topic, want none", len(rows))
	}
}
