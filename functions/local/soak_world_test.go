package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

type object = map[string]any

// messagesInMinute is how many messages a world publishes in each minute, and ordersInMinute how many orders are placed.
const (
	messagesInMinute = 1000
	ordersInMinute   = 80
)

// incident is something that happens in commercetools, and the message that it publishes about that.
type incident struct {
	at       time.Duration
	change   func(*commercetoolstest.Server) // nil for none
	function string
	payload  string
}

// world is a shop and what happens in it. Whatever order its messages come in, Klaviyo has to end in the same state; so an
// order, and the products and categories that it names, don't change after their first message: an event tells what is so
// when it is made. All is in 2000, where the clock of a bubble begins: Klaviyo takes no event that is far ahead.
type world struct {
	t    *testing.T
	rand *rand.Rand
	// stable is what is there from the beginning.
	stable    map[commercetools.Endpoint][]json.RawMessage
	incidents []incident
	ids       int
	// minute is when the present minute begins.
	minute time.Duration
}

func newWorld(t *testing.T, seed uint64, minutes int) *world {
	t.Helper()

	w := &world{t: t, rand: rand.New(rand.NewPCG(seed, 0)), stable: map[commercetools.Endpoint][]json.RawMessage{}}
	w.shop()

	for i := range minutes {
		w.minute = time.Duration(i) * time.Minute
		w.catalog()

		for range ordersInMinute {
			w.order()
		}

		for len(w.incidents) < messagesInMinute*(i+1) {
			w.customer()
		}

		w.incidents = w.incidents[:messagesInMinute*(i+1)]
	}

	return w
}

// open opens a commercetools with what is there from the beginning.
func (w *world) open() *commercetoolstest.Server {
	s := commercetoolstest.NewServer("demo")
	for endpoint, resources := range w.stable {
		s.Put(string(endpoint), resources...)
	}

	return s
}

// id makes an id in the form of commercetools'.
func (w *world) id() string {
	w.ids++

	return fmt.Sprintf("%08x-0000-4000-8000-%012x", w.rand.Uint32(), w.ids)
}

// happen lets something happen at any time of the present minute, but after another.
func (w *world) happen(after time.Duration, change func(*commercetoolstest.Server), function, payload string) (at time.Duration) {
	after = max(after, w.minute)
	at = after + time.Duration(w.rand.Int64N(int64(w.minute+time.Minute-after)))
	w.incidents = append(w.incidents, incident{at, change, function, payload})

	return at
}

func (w *world) json(v object) json.RawMessage { return functiontest.Encode(w.t, v) }

func put(e commercetools.Endpoint, resource json.RawMessage) func(*commercetoolstest.Server) {
	return func(s *commercetoolstest.Server) { s.Put(string(e), resource) }
}

func remove(e commercetools.Endpoint, id string) func(*commercetoolstest.Server) {
	return func(s *commercetoolstest.Server) { s.Delete(string(e), id) }
}

func ref(typeID, id string) object { return object{"typeId": typeID, "id": id} }

func address(city string) object { return object{"id": "a", "country": "DE", "city": city} }

// customer is one who registers and then changes a few times; of some the messages don't fit, and some change their address.
func (w *world) customer() {
	id := w.id()
	customer := func(version int, more object) json.RawMessage {
		c := object{
			"id": id, "version": version, "createdAt": "2000-01-02T03:04:05.001Z", "lastModifiedAt": "2000-01-02T03:04:05.001Z",
			"email": id + "@shop.example.org", "firstName": "Ann", "lastName": fmt.Sprintf("Version %d", version), "addresses": []object{address("Berlin")},
		}
		maps.Copy(c, more)

		return w.json(c)
	}

	created := functiontest.Message(w.t, "customer", id, "CustomerCreated", object{"customer": customer(1, nil)})
	if w.rand.IntN(3) == 0 {
		created = functiontest.TooLarge(w.t, "customer", id, "CustomerCreated")
	}

	at := w.happen(0, put(commercetools.Customers, customer(1, nil)), "CustomerEvents", created)

	for version := 2; version <= 2+w.rand.IntN(4); version++ {
		more := object{"addresses": []object{address(fmt.Sprintf("City %d", version))}}
		if w.rand.IntN(4) == 0 {
			more["email"] = fmt.Sprintf("%s-%d@shop.example.org", id, version)
		}

		at = w.happen(at, put(commercetools.Customers, customer(version, more)), "CustomerEvents",
			functiontest.Change(w.t, "customer", id, "ResourceUpdated"))
	}
}

// order is one that is placed, mostly goes on to be fulfilled or cancelled, and sometimes is paid back once or twice.
func (w *world) order() {
	id := w.id()
	order := func(state string, version int) json.RawMessage {
		var lines []object
		for i := range 2 {
			lines = append(lines, object{
				"id": fmt.Sprintf("%s-line-%d", id, i), "productId": fmt.Sprintf("stable-%d", i), "name": object{"en": "Shirt"}, "quantity": 1,
				"variant": object{"id": 1, "sku": "S"}, "price": object{"value": functiontest.Euros(1999)}, "totalPrice": functiontest.Euros(1999),
			})
		}

		return w.json(object{
			"id": id, "version": version, "createdAt": "2000-01-02T03:04:05.678Z", "lastModifiedAt": "2000-01-02T03:04:05.678Z", "orderState": state,
			"customerEmail": id + "@guest.example.org", "totalPrice": functiontest.Euros(3998), "billingAddress": address("Berlin"), "lineItems": lines,
			"paymentInfo": object{"payments": []object{ref("payment", "payment-of-"+id)}},
		})
	}
	state := []string{"Open", "Complete", "Cancelled", "Confirmed"}[w.rand.IntN(4)]
	w.stable[commercetools.Orders] = append(w.stable[commercetools.Orders], order(state, 2))

	created := functiontest.Message(w.t, "order", id, "OrderCreated", object{"order": order("Open", 1)})
	if w.rand.IntN(3) == 0 {
		created = functiontest.TooLarge(w.t, "order", id, "OrderCreated")
	}

	at := w.happen(0, nil, "OrderEvents", created)

	if state != "Open" {
		w.happen(at, nil, "OrderEvents", functiontest.Message(w.t, "order", id, "OrderStateChanged", object{"orderState": state, "createdAt": "2000-01-05T06:07:08.999Z"}))
	}

	if w.rand.IntN(2) == 0 {
		w.refunds("payment-of-" + id)
	}
}

// refunds are two, each announced and then done.
func (w *world) refunds(paymentID string) {
	var (
		done []object
		at   time.Duration
	)

	for i := range 2 {
		refund := object{
			"id": fmt.Sprintf("refund-%d", i), "type": "Refund", "state": "Initial", "amount": functiontest.Euros(100 + i),
			"timestamp": fmt.Sprintf("2000-01-04T05:06:0%d.890Z", i),
		}

		for _, state := range []string{"Initial", "Success"} {
			refund = maps.Clone(refund)
			refund["state"] = state
			now := w.json(object{"id": paymentID, "version": 3, "createdAt": "2000-01-02T03:04:05.678Z", "transactions": append(append([]object{}, done...), refund)})

			payload := functiontest.Message(w.t, "payment", paymentID, "PaymentTransactionAdded", object{"transaction": refund})
			if state == "Success" {
				payload = functiontest.Message(w.t, "payment", paymentID, "PaymentTransactionStateChanged", object{"transactionId": refund["id"], "state": state})
			}

			at = w.happen(at, put(commercetools.Payments, now), "PaymentEvents", payload)
		}

		done = append(done, refund)
	}
}

// shop has the categories and products that never change.
func (w *world) shop() {
	w.stable[commercetools.Categories] = []json.RawMessage{w.category("women", "Women"), w.category("pants", "Pants", "women")}
	for _, id := range []string{"women", "pants"} {
		w.happen(0, nil, "CategoryEvents", functiontest.Message(w.t, "category", id, "CategoryCreated", nil))
	}

	for i := range 2 {
		w.stable[commercetools.ProductProjections] = append(w.stable[commercetools.ProductProjections], w.product(fmt.Sprintf("stable-%d", i), 1, 1))
	}
}

func (w *world) category(id, name string, above ...string) json.RawMessage {
	ancestors := []object{}
	for _, a := range above {
		ancestors = append(ancestors, ref("category", a))
	}

	return w.json(object{"id": id, "version": 1, "name": object{"en": name}, "ancestors": ancestors})
}

// catalog has categories, some of which are renamed or deleted, and products.
func (w *world) catalog() {
	for range 40 {
		id := w.id()
		at := w.happen(0, put(commercetools.Categories, w.category(id, "First", "women")), "CategoryEvents",
			functiontest.Message(w.t, "category", id, "CategoryCreated", nil))
		at = w.happen(at, put(commercetools.Categories, w.category(id, "Second", "women", "pants")), "CategoryEvents",
			functiontest.Change(w.t, "category", id, "ResourceUpdated"))

		if w.rand.IntN(4) == 0 {
			w.happen(at, remove(commercetools.Categories, id), "CategoryEvents", functiontest.Change(w.t, "category", id, "ResourceDeleted"))
		}
	}

	for range 30 {
		w.published()
	}
}

// product is a projection of so many variants, whose stock is wrong as far as the inventory knows better.
func (w *world) product(id string, version, variants int) json.RawMessage {
	var all []object
	for i := range variants {
		all = append(all, object{
			"id": i + 1, "sku": fmt.Sprintf("%s/%d", id, i), "prices": []object{{"id": "p", "value": functiontest.Euros(100*version + i)}},
			"images": []object{}, "availability": object{"availableQuantity": 99},
		})
	}

	return w.json(object{
		"id": id, "version": version, "name": object{"en": fmt.Sprintf("Version %d", version)}, "slug": object{"en": id}, "priceMode": "Embedded",
		"categories": []object{ref("category", "pants")}, "masterVariant": all[0], "variants": all[1:],
	})
}

// published is a product that is published several times, then perhaps not any more, and sells meanwhile.
func (w *world) published() {
	id := w.id()

	var (
		at      time.Duration
		version int
	)

	for range 1 + w.rand.IntN(4) {
		version += 2
		at = w.happen(at, put(commercetools.ProductProjections, w.product(id, version, 1+w.rand.IntN(4))), "ProductEvents",
			functiontest.Message(w.t, "product", id, "ProductPublished", object{"resourceVersion": version}))
	}

	switch w.rand.IntN(5) {
	case 0:
		w.happen(at, remove(commercetools.ProductProjections, id), "ProductEvents",
			functiontest.Message(w.t, "product", id, "ProductUnpublished", object{"resourceVersion": version + 1}))
	case 1:
		w.happen(at, remove(commercetools.ProductProjections, id), "ProductEvents", functiontest.Change(w.t, "product", id, "ResourceDeleted"))
	}

	for i := range 4 {
		entry := w.id()

		var at time.Duration
		for quantity := range 1 + w.rand.IntN(3) {
			at = w.happen(at, put(commercetools.Inventory, w.json(object{
				"id": entry, "version": 1, "sku": fmt.Sprintf("%s/%d", id, i), "availableQuantity": quantity,
			})), "InventoryEvents", functiontest.Change(w.t, "inventory-entry", entry, "ResourceUpdated"))
		}
	}
}
