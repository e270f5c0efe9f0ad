package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// shop has the categories and products that never change.
func (w *world) shop() {
	w.stable[commercetools.Categories] = []json.RawMessage{w.json(category("women", "Women")), w.json(category("pants", "Pants", "women"))}
	for _, id := range []string{"women", "pants"} {
		w.happen(0, nil, "CategoryEvents", functiontest.Message(w.t, "category", id, "CategoryCreated", nil))
	}

	for i := range 2 {
		w.stable[commercetools.ProductProjections] = append(w.stable[commercetools.ProductProjections],
			w.json(projection(fmt.Sprintf("stable-%d", i), 1, []int{99})))
	}
}

func category(id, name string, above ...string) object {
	ancestors := []object{}
	for _, a := range above {
		ancestors = append(ancestors, ref("category", a))
	}

	return object{"id": id, "version": 1, "name": object{"en": name}, "ancestors": ancestors}
}

// category is one that is renamed, and perhaps deleted.
func (w *world) category() {
	id := w.id()
	at := w.happen(0, w.put(commercetools.Categories, category(id, "First", "women")), "CategoryEvents",
		functiontest.Message(w.t, "category", id, "CategoryCreated", nil))

	if w.once {
		return
	}

	rename := func(name string) {
		at = w.happen(at, w.put(commercetools.Categories, category(id, name, "women", "pants")), "CategoryEvents",
			functiontest.Change(w.t, "category", id, "ResourceUpdated"))
	}
	rename("Second")

	if w.rand.IntN(4) == 0 {
		w.happen(at, remove(commercetools.Categories, id), "CategoryEvents", functiontest.Change(w.t, "category", id, "ResourceDeleted"))
	} else {
		w.perhaps(func() { rename("Third") })
	}
}

// projection is a product of some variants, by what is in stock of each.
func projection(id string, version int, stock []int) object {
	var all []object
	for i, quantity := range stock {
		all = append(all, object{
			"id": i + 1, "sku": fmt.Sprintf("%s/%d", id, i), "prices": []object{{"id": "p", "value": functiontest.Euros(100*version + i)}},
			"images": []object{}, "availability": object{"availableQuantity": quantity},
		})
	}

	return object{
		"id": id, "version": version, "name": object{"en": fmt.Sprintf("Version %d", version)}, "slug": object{"en": id}, "priceMode": "Embedded",
		"categories": []object{ref("category", "pants")}, "masterVariant": all[0], "variants": all[1:],
	}
}

// product is one that is published several times, then perhaps not any more, and sells meanwhile.
func (w *world) product() {
	id := w.id()

	stock := make([]int, 4)
	for i := range stock {
		stock[i] = w.rand.IntN(3)
		w.sales(fmt.Sprintf("%s/%d", id, i), stock[i])
	}

	var (
		at      time.Duration
		version int
	)

	publish := func() {
		version += 2
		at = w.happen(at, w.put(commercetools.ProductProjections, projection(id, version, stock[:1+w.rand.IntN(4)])), "ProductEvents",
			functiontest.Message(w.t, "product", id, "ProductPublished", object{"resourceVersion": version}))
	}
	publish()

	if w.once {
		return
	}

	for range w.rand.IntN(4) {
		publish()
	}

	switch w.rand.IntN(5) {
	case 0:
		w.happen(at, remove(commercetools.ProductProjections, id), "ProductEvents",
			functiontest.Message(w.t, "product", id, "ProductUnpublished", object{"resourceVersion": version + 1}))
	case 1:
		w.happen(at, remove(commercetools.ProductProjections, id), "ProductEvents", functiontest.Change(w.t, "product", id, "ResourceDeleted"))
	default:
		w.perhaps(publish)
	}
}

// sales are those of a SKU, as far down as its last quantity.
func (w *world) sales(sku string, last int) {
	var (
		at    time.Duration
		entry = w.id()
	)

	for left := range 3 - last {
		at = w.happen(at, w.put(commercetools.Inventory, object{
			"id": entry, "version": 1, "sku": sku, "availableQuantity": 2 - left,
		}), "InventoryEvents", functiontest.Change(w.t, "inventory-entry", entry, "ResourceUpdated"))
	}
}
