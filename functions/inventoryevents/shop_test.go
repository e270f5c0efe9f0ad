package inventoryevents

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

const (
	entry = "05ad31b1-813b-4376-bbb1-787cecf4f3ec"
	// berlin and paris are channels.
	berlin = "4f5e6d7c-8b9a-4c0d-9e1f-2a3b4c5d6e7f"
	paris  = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
	sku    = "SKU \"1\"/ä"
	// before is Klaviyo's stock before a message.
	before = 99
)

// open opens a shop where Klaviyo has the variant with this SKU.
func open(t *testing.T, o functiontest.Options) *functiontest.Shop {
	t.Helper()

	s := functiontest.Open(t, functiontest.Function{Name: name, New: New}, o)

	if err := s.Client.CreateItem(t.Context(), klaviyo.Item{ExternalID: "p", Title: "Shirt"}); err != nil {
		t.Fatal(err)
	}

	v := klaviyo.Variant{ExternalID: sku, ItemID: "p", Title: "Shirt", SKU: sku, Price: "19.99", InventoryQuantity: before, InventoryPolicy: 1}
	if err := s.Client.CreateVariant(t.Context(), v); err != nil {
		t.Fatal(err)
	}

	return s
}

// stockOf is an inventory entry in commercetools; channel may be "".
func stockOf(id, sku, channel string, quantity int) json.RawMessage {
	in := ""
	if channel != "" {
		in = fmt.Sprintf(`"supplyChannel":{"typeId":"channel","id":%q},`, channel)
	}

	return json.RawMessage(fmt.Sprintf(`{"id":%q,"version":2,"sku":%q,%s"quantityOnStock":500,"availableQuantity":%d}`, id, sku, in, quantity))
}

// quantity is the stock of the variant in Klaviyo; -1 when anything else about it has changed.
func quantity(s *functiontest.Shop) int {
	v := s.Klaviyo.Variants()[0].Attributes
	if v["title"] != "Shirt" || v["sku"] != sku || v["price"] != 19.99 || v["inventory_policy"] != 1.0 {
		return -1
	}

	q, _ := v["inventory_quantity"].(float64)

	return int(q)
}

func changed(t *testing.T, kind string) string {
	t.Helper()

	return functiontest.Change(t, "inventory-entry", entry, kind)
}

// changedSKU is changed with the SKU in it.
func changedSKU(t *testing.T, kind string) string {
	t.Helper()

	identifiers := functiontest.Encode(t, map[string]any{"sku": sku})

	return strings.Replace(changed(t, kind), "{", `{"resourceUserProvidedIdentifiers":`+string(identifiers)+`,`, 1)
}
