package settings

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/config"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// standard returns what default.json gives.
func standard(tb testing.TB) Config {
	tb.Helper()

	c, err := File{}.Config()
	if err != nil {
		tb.Fatal(err)
	}

	return c
}

func TestDefaults(t *testing.T) {
	t.Parallel()

	all := mapping.Filter{Include: []string{}, Exclude: []string{}, Map: map[string]string{}}

	var want Config
	want.Order.States.Changed.CancelledOrder = []string{"Cancelled"}
	want.Order.States.Changed.FulfilledOrder = []string{"Confirmed", "Complete"}
	want.Order.States.Created.PlacedOrder = []string{"Open"}
	want.Order.Messages.Changed = []string{"OrderStateChanged"}
	want.Order.Messages.Created = []string{"OrderCreated", "OrderImported", "OrderCustomerSet"}
	want.Order.Properties, want.Order.CustomFields.Properties, want.Customer.CustomFields.Properties = all, all, all
	want.Order.Metrics.PlacedOrder = "Placed Order"
	want.Order.Metrics.OrderedProduct = "Ordered Product"
	want.Order.Metrics.FulfilledOrder = "Fulfilled Order"
	want.Order.Metrics.CancelledOrder = "Cancelled Order"
	want.Order.Metrics.RefundedOrder = "Refunded Order"
	want.Order.GuideProperties = true
	want.Customer.Messages.AddressChanged = []string{"CustomerAddressAdded", "CustomerAddressRemoved", "CustomerAddressChanged"}
	want.Payment.Messages.TransactionAdded = []string{"PaymentTransactionAdded"}
	want.Payment.Messages.TransactionChanged = []string{"PaymentTransactionStateChanged"}
	want.Payment.States.ValidTransactionStates = []string{"Initial", "Pending", "Success"}
	want.Category.Messages.Created = []string{"CategoryCreated"}
	want.Product.Messages.Published = []string{"ProductPublished"}
	want.Product.Messages.Deleted = []string{"ProductUnpublished"}
	want.Product.MissingText = "None"
	want.Bulk.Backfill = true
	want.DisabledEvents = []string{}

	if diff := cmp.Diff(want, standard(t)); diff != "" {
		t.Error(diff)
	}
}

// default.json is the list of all there is to set: no key of Config may be missing there.
func TestDefaultFileHasEveryKey(t *testing.T) {
	t.Parallel()

	data, err := config.Files.ReadFile("default.json")
	if err != nil {
		t.Fatal(err)
	}

	again, err := json.MarshalIndent(standard(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}

	var file, want any
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}

	if err := json.Unmarshal(again, &want); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(want, file); diff != "" {
		t.Error(diff)
	}
}

// A merchant who moves here keeps the config file.
func TestTheNodePluginsFileLoadsUnchanged(t *testing.T) {
	t.Parallel()

	data, err := os.ReadFile("testdata/node-plugin-default.json")
	if err != nil {
		t.Fatal(err)
	}

	got, err := File{NodeJSON: string(data)}.Config()
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(standard(t), got); diff != "" {
		t.Error(diff)
	}

	alone := fstest.MapFS{"default.json": &fstest.MapFile{Data: data}}
	if _, err := (File{}).read(alone); err != nil {
		t.Error(err)
	}
}

func TestLayers(t *testing.T) {
	t.Parallel()

	files := fstest.MapFS{
		"default.json": {Data: []byte(`{
			"order": {"messages": {"created": ["OrderCreated", "OrderImported"]}, "properties": {"include": ["a"], "map": {"a": "A", "b": "B"}}},
			"product": {"missingText": "None"}}`)},
		"live.json": {Data: []byte(`{"order": {"messages": {"created": ["OrderCustomerSet"]}, "properties": {"map": {"b": "BB", "c": "C"}}}, "bulk": {"backfill": true}}`)},
	}

	var want Config
	want.Order.Messages.Created = []string{"OrderCustomerSet"}
	want.Order.Properties = mapping.Filter{Include: []string{"a"}, Map: map[string]string{"a": "A", "b": "BB", "c": "CC"}}
	want.Product.MissingText = ""

	got, err := File{Env: "live", JSON: `{"order":{"properties":{"map":{"c":"CC"}}},"bulk":{"backfill":false},"product":{"missingText":""}}`}.read(files)
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownOverlay(t *testing.T) {
	t.Parallel()

	files := fstest.MapFS{"default.json": {Data: []byte("{}")}, "live.json": {Data: []byte("{}")}}
	for _, env := range []string{"prod", "../live", "live.json", "LIVE"} {
		_, err := File{Env: env}.read(files)

		want := "CONFIG_ENV: there is no config/" + env + ".json; it can be default, live"
		if got := fmt.Sprint(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()

	const names = "bulk, category, customer, disabledEvents, order, payment, product"

	events := strings.Join(events(), ", ")

	tests := map[string]struct{ json, want string }{
		"unknown key":      {`{"orders":{}}`, "orders: unknown key; there are " + names},
		"keys have a case": {`{"Order":{}}`, "Order: unknown key; there are " + names},
		"unknown inside":   {`{"bulk":{"size":10}}`, "bulk.size: unknown key; there are backfill"},
		"number for text":  {`{"order":{"metrics":{"placedOrder":1}}}`, "order.metrics.placedOrder: must be text, not a number"},
		"text for bool":    {`{"bulk":{"backfill":"true"}}`, "bulk.backfill: must be true or false, not text"},
		"bool for text":    {`{"product":{"missingText":false}}`, "product.missingText: must be text, not true or false"},
		"text for list":    {`{"order":{"messages":{"created":"A"}}}`, "order.messages.created: must be a list, not text"},
		"list for object":  {`{"order":[]}`, "order: must be an object, not a list"},
		"object for list":  {`{"disabledEvents":{}}`, "disabledEvents: must be a list, not an object"},
		"number in a list": {`{"order":{"messages":{"created":["OrderCreated",12345678901234567890]}}}`, "order.messages.created[1]: must be text, not a number"},
		"number in a map":  {`{"order":{"properties":{"map":{"a":1}}}}`, "order.properties.map.a: must be text, not a number"},
		"null":             {`{"order":{"metrics":null}}`, "order.metrics: must not be null"},
		"null in a list":   {`{"disabledEvents":[null]}`, "disabledEvents[0]: must not be null"},
		"null in a map":    {`{"order":{"properties":{"map":{"a":null}}}}`, "order.properties.map.a: must not be null"},
		"no metric":        {`{"order":{"metrics":{"placedOrder":""}}}`, "order.metrics.placedOrder: must not be empty: Klaviyo takes no event without a name"},
		"long metric":      {`{"order":{"metrics":{"placedOrder":"` + strings.Repeat("ü", 128) + `"}}}`, "order.metrics.placedOrder: must have at most 127 characters: Klaviyo takes no longer name"},
		"unknown event":    {`{"disabledEvents":["OrderCreated","ordercreated"]}`, `disabledEvents[1]: "ordercreated" is not an event; there are ` + events},
		"misspelt message": {`{"order":{"messages":{"created":["OrderCreatd"]}}}`, `order.messages.created[0]: "OrderCreatd" is not a message type of the resource order; did you mean "OrderCreated"?`},
		"message's case":   {`{"payment":{"messages":{"transactionAdded":["paymenttransactionadded"]}}}`, `payment.messages.transactionAdded[0]: "paymenttransactionadded" is not a message type of the resource payment; did you mean "PaymentTransactionAdded"?`},
		"other's message":  {`{"category":{"messages":{"created":["CategoryCreated","OrderCreated"]}}}`, `category.messages.created[1]: "OrderCreated" is not a message type of the resource category; https://docs.commercetools.com/api/projects/messages lists them`},
		"empty message":    {`{"customer":{"messages":{"addressChanged":[""]}}}`, `customer.messages.addressChanged[0]: "" is not a message type of the resource customer; https://docs.commercetools.com/api/projects/messages lists them`},
		"a change":         {`{"product":{"messages":{"published":["ResourceDeleted"]}}}`, `product.messages.published[0]: "ResourceDeleted" is a change, and no message; changes are read without being named`},
		"twice":            {`{"order":{"metrics":{"placedOrder":"A"},"metrics":{}},"product":{"missingText":"a","missingText":"a"}}`, "order.metrics: stands twice\nCONFIG_JSON: product.missingText: stands twice"},
		"twice in a list":  {`{"disabledEvents":[{"a":1e400,"a":{}}]}`, "disabledEvents[0].a: stands twice\nCONFIG_JSON: disabledEvents[0]: must be text, not an object"},
		"not an object":    {`[]`, "must be an object, not a list"},
		"just null":        {`null`, "must not be null"},
		"broken":           {"{\n  \"order\": {,}\n}", "line 2, column 13: invalid character ',' looking for beginning of object key string"},
		"cut off":          {"{\n", "line 2, column 0: unexpected end of JSON input"},
		"more behind":      {`{} {}`, "line 1, column 4: invalid character '{' after top-level value"},
		"several, in order": {
			`{"z":1,"bulk":{"backfill":1},"a":{},"order":{"metrics":{"placedOrder":[]},"guideProperties":null}}`,
			"a: unknown key; there are " + names +
				"\nCONFIG_JSON: bulk.backfill: must be true or false, not a number" +
				"\nCONFIG_JSON: order.guideProperties: must not be null" +
				"\nCONFIG_JSON: order.metrics.placedOrder: must be text, not a list" +
				"\nCONFIG_JSON: z: unknown key; there are " + names,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := File{JSON: tt.json}.Config()
			if diff := cmp.Diff("CONFIG_JSON: "+tt.want, fmt.Sprint(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Each layer is checked for itself, so that a message names the place to mend.
func TestProblemsNameTheirLayer(t *testing.T) {
	t.Parallel()

	files := fstest.MapFS{"default.json": {Data: []byte("{}")}, "live.json": {Data: []byte(`{"bulk":1}`)}}
	_, err := File{Env: "live", NodeJSON: `{"order":1}`}.read(files)

	want := "config/live.json: bulk: must be an object, not a number\nNODE_CONFIG: order: must be an object, not a number"
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Error(diff)
	}
}

// The Node plugin's way to switch deletions on is taken; they are handled in any case, and are no messages.
func TestDeletionsByName(t *testing.T) {
	t.Parallel()

	for list, want := range map[string][]string{
		`["ProductUnpublished","ResourceDeleted"]`: {"ProductUnpublished"},
		`["ResourceDeleted"]`:                      {},
	} {
		c, err := File{JSON: `{"product":{"messages":{"deleted":` + list + `}}}`}.Config()
		if diff := cmp.Diff(want, c.Product.Messages.Deleted); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", list, err, diff)
		}
	}
}

// Two names are one only when the layers lie over one another.
func TestMetricsDiffer(t *testing.T) {
	t.Parallel()

	files := fstest.MapFS{
		"default.json": {Data: []byte(`{"order":{"metrics":{"placedOrder":"Placed","fulfilledOrder":"Fulfilled","cancelledOrder":"Cancelled"}}}`)},
		"live.json":    {Data: []byte(`{"order":{"metrics":{"placedOrder":"Order"}}}`)},
	}

	for json, want := range map[string]string{
		`{}`: "<nil>",
		`{"order":{"metrics":{"placedOrder":"Fulfilled","fulfilledOrder":"Placed"}}}`: "<nil>",
		`{"order":{"metrics":{"fulfilledOrder":"order"}}}`:                            "<nil>",
		`{"order":{"metrics":{"fulfilledOrder":"Order"}}}`: "config: order.metrics.placedOrder: must be another name than " +
			"order.metrics.fulfilledOrder: Klaviyo would drop one of the two events",
		`{"bulk":1,"order":{"metrics":{"cancelledOrder":"Order","placedOrder":"Order","refundedOrder":"Order"}}}`: "CONFIG_JSON: bulk: must be an object, not a number\n" +
			"config: order.metrics.placedOrder: must be another name than order.metrics.cancelledOrder: Klaviyo would drop one of the two events\n" +
			"config: order.metrics.refundedOrder: must be another name than order.metrics.placedOrder: Klaviyo would drop one of the two events",
	} {
		_, err := File{Env: "live", JSON: json}.read(files)
		if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", json, diff)
		}
	}
}

func TestDisabled(t *testing.T) {
	t.Parallel()

	list, err := json.Marshal(events())
	if err != nil {
		t.Fatal(err)
	}

	c, err := File{JSON: `{"disabledEvents":` + string(list) + `}`}.Config()
	if err != nil {
		t.Fatal(err)
	}

	for _, event := range events() {
		if !c.Disabled(event) || standard(t).Disabled(event) {
			t.Errorf("%s: %t with it, %t without", event, c.Disabled(event), standard(t).Disabled(event))
		}
	}
}

func FuzzConfig(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `{"order":{"properties":{"map":{"a":"b","order.metrics.x":""}}}}`, `{"disabledEvents":["OrderCreated"]}`, `{"order":{"metrics":{"placedOrder":"\ud800"}}}`,
		`{"bulk":{"backfill":false}}`, `{"product":{"missingText":""},"":{}}`, `{"order":[[1e400]]}`, `{"order":{"properties":{"map":{"a":"c","":""}}}}`,
		`{"order":{"messages":{"created":["OrderCreated","Order"],"created":[]}}}`,
	} {
		f.Add(seed, `{}`)
		f.Add(seed, `{"order":{"properties":{"map":{"a":"z"},"include":["a"]}}}`)
	}

	f.Fuzz(func(t *testing.T, file, top string) {
		if top == "" {
			top = "{}" // No top at all isn't an empty one.
		}

		_, one := layered(t, file, "{}")
		_, two := layered(t, "{}", top)

		got, err := layered(t, file, top)
		if (err == nil) != (one == nil && two == nil) {
			t.Fatalf("%v and %v came to %v", one, two, err)
		}

		if err != nil {
			if diff := cmp.Diff(Config{}, got); diff != "" {
				t.Errorf("an error and a config: %s", diff)
			}

			return
		}

		expectStable(t, got, top)
	})
}

// expectStable looks that what was read, written over the defaults, reads as the same, with or without its top once more:
// nothing is lost on the way, and nothing added.
func expectStable(t *testing.T, got Config, top string) {
	t.Helper()

	again, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}

	for _, over := range []string{top, "{}", string(again)} {
		back, err := layered(t, string(again), over)
		if diff := cmp.Diff(got, back); diff != "" || err != nil {
			t.Errorf("%s over %s: %v\n%s", over, again, err, diff)
		}
	}
}

// layered reads the defaults, an overlay, and what lies over it.
func layered(t *testing.T, overlay, top string) (Config, error) {
	t.Helper()

	defaults, err := config.Files.ReadFile("default.json")
	if err != nil {
		t.Fatal(err)
	}

	return File{Env: "live", JSON: top}.read(fstest.MapFS{"default.json": {Data: defaults}, "live.json": {Data: []byte(overlay)}})
}

func TestNothingOverTheDefaultsIsTheDefaults(t *testing.T) {
	t.Parallel()

	got, err := File{JSON: "{}"}.Config()
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(standard(t), got); diff != "" {
		t.Error(diff)
	}
}
