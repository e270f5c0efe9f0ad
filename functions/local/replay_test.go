package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// script is what commercetools has, and the messages that it has published about that.
type script struct {
	resources map[commercetools.Endpoint][]json.RawMessage
	messages  []incident
}

// Whatever mapping's golden cases are about: the messages about it once in order, twice, and in the opposite order end in the
// same state of Klaviyo.
func TestReplayGolden(t *testing.T) {
	t.Parallel()

	paths, err := filepath.Glob("../../shared/mapping/testdata/*/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no golden cases (%v)", err)
	}

	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}

		s := golden(t, archive)
		if len(s.messages) == 0 {
			continue // a case about a part of a resource
		}

		t.Run(strings.TrimPrefix(path, "../../shared/mapping/testdata/"), func(t *testing.T) {
			t.Parallel()
			s.replay(t)
		})
	}
}

// golden makes a script of a golden case.
func golden(t *testing.T, archive *txtar.Archive) *script {
	t.Helper()

	s := &script{resources: map[commercetools.Endpoint][]json.RawMessage{}}

	for _, f := range archive.Files {
		switch f.Name {
		case "category.json":
			s.add(t, "category", f.Data)
		case "customer.json":
			s.add(t, "customer", f.Data)
		case "order.json":
			s.add(t, "order", f.Data)
		case "product.json":
			s.add(t, "product", f.Data)
		case "products.json":
			s.resources[commercetools.ProductProjections] = list(t, f.Data)
		case "standalone.json":
			s.resources[commercetools.StandalonePrices] = list(t, f.Data)
		case "payments.json":
			var paid []object

			for _, payment := range list(t, f.Data) {
				s.add(t, "payment", payment)
				paid = append(paid, ref("payment", idOf(t, payment)))
			}

			s.resources[commercetools.Orders] = []json.RawMessage{functiontest.Encode(t, object{
				"id": "o1", "version": 1, "createdAt": "2024-05-01T00:00:00.000Z", "customerEmail": "ann@example.org", "totalPrice": functiontest.Euros(9999),
				"paymentInfo": object{"payments": paid}, "orderState": "Complete",
			})}
		}
	}

	return s
}

// The sample messages, and those about all sample resources. While the resources are there, and when they are gone.
func TestReplaySamples(t *testing.T) {
	t.Parallel()

	s, gone := samples(t), samples(t)

	there := map[string]bool{}
	for name := range s.replay(t) {
		there[strings.Fields(name)[0]] = true
	}

	if want := map[string]bool{"profile": true, "event": true, "item": true, "variant": true, "category": true}; !maps.Equal(there, want) {
		t.Errorf("Klaviyo has %v, want some of each", there)
	}

	for typeID, e := range map[string]commercetools.Endpoint{"category": commercetools.Categories, "product": commercetools.ProductProjections} {
		gone.messages = append(gone.messages, incident{
			function: functionOf(typeID), payload: string(functiontest.SampleMessage(t, typeID+" ResourceDeleted")),
		})

		for _, r := range gone.resources[e] {
			gone.messages = append(gone.messages, incident{
				function: functionOf(typeID), payload: functiontest.Change(t, typeID, idOf(t, r), "ResourceDeleted"),
			})
		}

		delete(gone.resources, e)
	}

	gone.replay(t)
}

func samples(t *testing.T) *script {
	t.Helper()

	s := &script{resources: map[commercetools.Endpoint][]json.RawMessage{}}

	for typeID, name := range map[string]string{
		"category": "categories", "customer": "customers", "order": "orders", "payment": "payments", "product": "product-projections",
		"inventory-entry": "inventory",
	} {
		for _, r := range functiontest.Samples(t, name) {
			s.add(t, typeID, r)
		}
	}

	for _, name := range []string{
		"CustomerCreated", "OrderCreated", "OrderImported", "OrderStateChanged", "PaymentTransactionAdded", "PaymentTransactionStateChanged",
		"CategoryCreated", "ProductPublished", "customer ResourceUpdated", "customer ResourceDeleted", "category ResourceUpdated",
		"product ResourceUpdated", "order ResourceUpdated", "order ResourceDeleted", "inventory-entry ResourceUpdated",
		"inventory-entry ResourceDeleted", "OrderCreated, payload not included",
	} {
		payload := functiontest.SampleMessage(t, name)

		var m struct {
			Resource struct {
				TypeID string `json:"typeId"`
			} `json:"resource"`
		}
		if err := json.Unmarshal(payload, &m); err != nil {
			t.Fatal(err)
		}

		s.messages = append(s.messages, incident{function: functionOf(m.Resource.TypeID), payload: string(payload)})
	}

	return s
}

// add has commercetools have a resource, and publish every message about it that a function looks at, deletions apart.
func (s *script) add(t *testing.T, typeID string, resource json.RawMessage) {
	t.Helper()

	id := idOf(t, resource)
	endpoint := map[string]commercetools.Endpoint{
		"category": commercetools.Categories, "customer": commercetools.Customers, "order": commercetools.Orders, "payment": commercetools.Payments,
		"product": commercetools.ProductProjections, "inventory-entry": commercetools.Inventory,
	}[typeID]
	s.resources[endpoint] = append(s.resources[endpoint], resource)

	kinds := map[string][]string{
		"category": {"CategoryCreated"},
		"customer": {"CustomerCreated", "CustomerCompanyNameSet", "CustomerAddressAdded", "CustomerAddressChanged", "CustomerAddressRemoved"},
		"order":    {"OrderCreated", "OrderImported", "OrderCustomerSet"},
		"payment":  {"PaymentTransactionAdded", "PaymentTransactionStateChanged"},
		"product":  {"ProductPublished"},
	}
	for _, kind := range kinds[typeID] {
		// All at one time: a refund without a time of its own has that of the message that comes first.
		more := object{typeID: resource, "createdAt": "2026-01-05T06:07:08.999Z"}
		s.messages = append(s.messages,
			incident{function: functionOf(typeID), payload: functiontest.Message(t, typeID, id, kind, more)},
			incident{function: functionOf(typeID), payload: functiontest.TooLarge(t, typeID, id, kind)})
	}

	if typeID == "order" {
		for _, state := range []string{"Complete", "Cancelled"} {
			s.messages = append(s.messages, incident{
				function: functionOf(typeID), payload: functiontest.Message(t, typeID, id, "OrderStateChanged", object{"orderState": state}),
			})
		}
	}

	for _, kind := range []string{"ResourceCreated", "ResourceUpdated"} {
		s.messages = append(s.messages, incident{function: functionOf(typeID), payload: functiontest.Change(t, typeID, id, kind)})
	}
}

func functionOf(typeID string) string {
	return map[string]string{
		"category": "CategoryEvents", "customer": "CustomerEvents", "order": "OrderEvents", "payment": "PaymentEvents", "product": "ProductEvents",
		"inventory-entry": "InventoryEvents",
	}[typeID]
}

// replay compares what Klaviyo has after the messages in several orders, and returns it.
func (s *script) replay(t *testing.T) map[string]klaviyotest.Record {
	t.Helper()

	once := s.deliver(t, s.messages)

	reverse := slices.Clone(s.messages)
	slices.Reverse(reverse)

	for how, messages := range map[string][]incident{"again": slices.Concat(s.messages, s.messages), "in reverse": reverse} {
		if diff := cmp.Diff(once, s.deliver(t, messages)); diff != "" {
			t.Errorf("%s (-once in order +now):\n%s", how, diff)
		}
	}

	return once
}

// deliver delivers messages to a shop of their own, and those that are not acknowledged once more after the others, until all
// are. It returns what Klaviyo has then.
func (s *script) deliver(t *testing.T, messages []incident) map[string]klaviyotest.Record {
	t.Helper()

	ct, kl := commercetoolstest.NewServer("demo"), klaviyotest.New(klaviyotest.Options{})
	s.referred(t, kl)

	for endpoint, resources := range s.resources {
		ct.Put(string(endpoint), resources...)
	}

	i := inMemory(t, ct, kl, &parkedInTest{})

	for range 3 {
		var left []incident

		for _, m := range messages {
			if functiontest.Deliver(t, i[m.function], m.payload) != http.StatusNoContent {
				left = append(left, m)
			}
		}

		if len(left) == 0 {
			return kl.State()
		}

		messages = left
	}

	t.Fatalf("%d messages are not acknowledged, the first: %s", len(messages), messages[0].payload)

	return nil
}

// referred has Klaviyo have the categories that products name, but commercetools doesn't have.
func (s *script) referred(t *testing.T, kl http.Handler) {
	t.Helper()

	client := klaviyo.New(functiontest.KlaviyoConfig(functiontest.Memory("http://klaviyo.example", kl)))

	for _, raw := range s.resources[commercetools.ProductProjections] {
		p, err := commercetools.Decode[commercetools.Product](raw)
		if err != nil {
			t.Fatal(err)
		}

		item, _, err := mapping.Product(p, nil, mapping.Shop{}, mapping.ProductConfig{}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}

		for _, id := range item.CategoryIDs {
			if err := client.UpsertCategory(t.Context(), klaviyo.Category{ExternalID: id, Name: "c"}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func list(t *testing.T, data []byte) []json.RawMessage {
	t.Helper()

	var all []json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}

	return all
}

func idOf(t *testing.T, resource json.RawMessage) string {
	t.Helper()

	var r struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(resource, &r); err != nil {
		t.Fatal(err)
	}

	return r.ID
}
