package main

import (
	"fmt"
	"maps"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// customer is one who registers and then changes a few times; of some the messages don't fit, and some change their address.
func (w *world) customer() {
	id := w.id()
	customer := func(version int, more object) object {
		c := object{
			"id": id, "version": version, "createdAt": "2000-01-02T03:04:05.001Z",
			"email": id + "@shop.example.org", "firstName": "Ann", "lastName": fmt.Sprintf("Version %d", version), "addresses": []object{address("Berlin")},
		}
		maps.Copy(c, more)

		return c
	}

	created := functiontest.Message(w.t, "customer", id, "CustomerCreated", object{"customer": customer(1, nil)})
	if w.rand.IntN(3) == 0 {
		created = functiontest.TooLarge(w.t, "customer", id, "CustomerCreated")
	}

	at := w.happen(0, w.put(commercetools.Customers, customer(1, nil)), "CustomerEvents", created)

	if w.once {
		return
	}

	change := func(version int) {
		more := object{"addresses": []object{address(fmt.Sprintf("City %d", version))}}
		if w.rand.IntN(4) == 0 {
			more["email"] = fmt.Sprintf("%s-%d@shop.example.org", id, version)
		}

		at = w.happen(at, w.put(commercetools.Customers, customer(version, more)), "CustomerEvents",
			functiontest.Change(w.t, "customer", id, "ResourceUpdated"))
	}

	for version := 2; version <= 2+w.rand.IntN(4); version++ {
		change(version)
	}

	w.perhaps(func() { change(9) })
}

// perhaps lets something happen later to one in ten.
func (w *world) perhaps(happens func()) {
	if w.rand.IntN(10) == 0 {
		w.later = append(w.later, happens)
	}
}

// order is one that is placed, mostly goes on to be fulfilled or cancelled, and sometimes is paid back once or twice.
func (w *world) order() {
	const changed = "2000-01-05T06:07:08.999Z"

	w.events += 3

	id := w.id()
	order := func(state string, version int) object {
		var lines []object
		for i := range 2 {
			lines = append(lines, object{
				"id": fmt.Sprintf("%s-line-%d", id, i), "productId": fmt.Sprintf("stable-%d", i), "name": object{"en": "Shirt"}, "quantity": 1,
				"variant": object{"id": 1, "sku": "S"}, "price": object{"value": functiontest.Euros(1999)}, "totalPrice": functiontest.Euros(1999),
			})
		}

		return object{
			"id": id, "version": version, "createdAt": "2000-01-02T03:04:05.678Z", "lastModifiedAt": changed, "orderState": state,
			"customerEmail": id + "@guest.example.org", "totalPrice": functiontest.Euros(3998), "billingAddress": address("Berlin"), "lineItems": lines,
			"paymentInfo": object{"payments": []object{ref("payment", "payment-of-"+id)}},
		}
	}
	state := []string{"Open", "Complete", "Cancelled", "Confirmed"}[w.rand.IntN(4)]
	w.stable[commercetools.Orders] = append(w.stable[commercetools.Orders], w.json(order(state, 2)))

	created := functiontest.Message(w.t, "order", id, "OrderCreated", object{"order": order("Open", 1)})
	if w.rand.IntN(3) == 0 {
		created = functiontest.TooLarge(w.t, "order", id, "OrderCreated")
	}

	at := w.happen(0, nil, "OrderEvents", created)

	if state != "Open" {
		w.events++
		w.happen(at, nil, "OrderEvents", functiontest.Message(w.t, "order", id, "OrderStateChanged", object{"orderState": state, "createdAt": changed}))
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
		w.events++
		refund := object{
			"id": fmt.Sprintf("refund-%d", i), "type": "Refund", "state": "Initial", "amount": functiontest.Euros(100 + i),
			"timestamp": fmt.Sprintf("2000-01-04T05:06:0%d.890Z", i),
		}

		for _, state := range []string{"Initial", "Success"} {
			refund = maps.Clone(refund)
			refund["state"] = state
			now := object{"id": paymentID, "version": 3, "createdAt": "2000-01-02T03:04:05.678Z", "transactions": append(append([]object{}, done...), refund)}

			payload := functiontest.Message(w.t, "payment", paymentID, "PaymentTransactionAdded", object{"transaction": refund})
			if state == "Success" {
				payload = functiontest.Message(w.t, "payment", paymentID, "PaymentTransactionStateChanged", object{"transactionId": refund["id"], "state": state})
			}

			at = w.happen(at, w.put(commercetools.Payments, now), "PaymentEvents", payload)
		}

		done = append(done, refund)
	}
}
