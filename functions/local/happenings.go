package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

// renamedTo is the last name that the customer gets who is shown in the end.
const renamedTo = "Realtime"

// happening is something that happens in the shop, and the message that tells of it.
type happening struct {
	what     string
	function string
	message  map[string]any

	// resource is how it is now; nil for one that stays as it was.
	endpoint string
	resource json.RawMessage
}

// happenings are some of each kind. What is new, the second customer and the order, is what a shop with one more would have.
func (d *demo) happenings() ([]happening, error) {
	var all []happening

	for _, some := range []func() ([]happening, error){
		d.withCustomers, d.withCatalog, d.withNewOrder, d.withCancelledOrder, d.withRefunds,
	} {
		happened, err := some()
		if err != nil {
			return nil, fmt.Errorf("the demo shop: %w", err)
		}

		all = append(all, happened...)
	}

	return all, nil
}

func (d *demo) withCustomers() ([]happening, error) {
	size := commercetoolstest.Size{Customers: d.size.Customers + 1}
	fresh := commercetoolstest.NewShop(demoSeed, size).Resource("customers", d.size.Customers)

	moved, err := changed(d.shop.Resource("customers", 0), map[string]any{"lastName": renamedTo})
	if err != nil {
		return nil, err
	}

	created := map[string]any{"customer": fresh}

	return []happening{
		{"CustomerCreated", "CustomerEvents", message("customer", fresh, "CustomerCreated", created), "customers", fresh},
		{"customer ResourceUpdated", "CustomerEvents", update("customer", moved), "customers", moved},
		{"CustomerCreated, once more", "CustomerEvents", message("customer", fresh, "CustomerCreated", created), "customers", fresh},
	}, nil
}

// withNewOrder places an order, and ships it.
func (d *demo) withNewOrder() ([]happening, error) {
	size := d.size
	size.Orders += 100 // one of them will do
	next := commercetoolstest.NewShop(demoSeed, size)

	for number := d.size.Orders; number < size.Orders; number++ {
		order := next.Resource("orders", number)

		o, err := commercetools.Decode[commercetools.Order](order)
		if err != nil {
			return nil, err
		}

		if o.OrderState != "Open" || o.CustomerID == "" || o.CustomerEmail == "" || len(o.LineItems) != 3 || o.TotalPrice.CurrencyCode != "EUR" {
			continue
		}

		if order, err = changed(order, map[string]any{"createdAt": time.Now().UTC()}); err != nil {
			return nil, err
		}

		confirmed, err := changed(order, map[string]any{"orderState": "Confirmed"})
		if err != nil {
			return nil, err
		}

		return []happening{
			{"OrderCreated, 3 line items", "OrderEvents", message("order", order, "OrderCreated", map[string]any{"order": order}), "orders", order},
			stateChanged(confirmed, "Confirmed"),
		}, nil
	}

	return nil, errNone
}

// withCancelledOrder cancels an order.
func (d *demo) withCancelledOrder() ([]happening, error) {
	_, open, err := find(d.shop, "orders", func(o commercetools.Order) bool { return o.OrderState == "Open" && o.CustomerEmail != "" })
	if err != nil {
		return nil, err
	}

	cancelled, err := changed(open, map[string]any{"orderState": "Cancelled"})

	return []happening{stateChanged(cancelled, "Cancelled")}, err
}

// withRefunds pays an order back in parts.
func (d *demo) withRefunds() ([]happening, error) {
	p, payment, err := find(d.shop, "payments", func(p commercetools.Payment) bool { return len(refunds(p)) > 1 })
	if err != nil {
		return nil, err
	}

	var all []happening

	for _, refund := range refunds(p) {
		transaction := map[string]any{"id": refund.ID, "type": refund.Type, "state": refund.State}
		all = append(all, happening{
			what: "PaymentTransactionAdded, a refund", function: "PaymentEvents",
			message: message("payment", payment, "PaymentTransactionAdded", map[string]any{"transaction": transaction}),
		})
	}

	return all, nil
}

func refunds(p commercetools.Payment) []commercetools.Transaction {
	return slices.DeleteFunc(slices.Clone(p.Transactions), func(t commercetools.Transaction) bool {
		return t.Type != commercetools.TransactionRefund || t.State == commercetools.TransactionFailure
	})
}

func stateChanged(order json.RawMessage, state string) happening {
	return happening{
		"OrderStateChanged to " + state, "OrderEvents",
		message("order", order, "OrderStateChanged", map[string]any{"orderState": state, "oldOrderState": "Open"}), "orders", order,
	}
}
