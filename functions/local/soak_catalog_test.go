package main

import (
	"encoding/json"
	"fmt"

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
		id := fmt.Sprint("stable-", i)
		w.stable[commercetools.ProductProjections] = append(w.stable[commercetools.ProductProjections], w.json(projection(id, 1, []int{99})))
		w.happen(0, nil, "ProductEvents", functiontest.Message(w.t, "product", id, "ProductPublished", object{"resourceVersion": 1}))
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

	rename := func(name string) {
		at = w.happen(at, w.put(commercetools.Categories, category(id, name, "women", "pants")), "CategoryEvents",
			functiontest.Change(w.t, "category", id, "ResourceUpdated"))
	}
	if !w.once {
		rename("Second")
	}

	// None is deleted while the import runs. An import deletes what its jobs bring back, but knows nothing of a job that an attempt
	// has started that came to nothing: what that job brings back stays.
	if !w.once && w.rand.IntN(4) == 0 {
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
