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

// withCatalog publishes a product, after the categories that it is in, and withdraws another.
func (d *demo) withCatalog() ([]happening, error) {
	p, product, err := find(d.shop, "product-projections", func(p commercetools.Product) bool {
		return len(p.Categories) == 1 && len(p.Variants) > 1 && p.MasterVariant.Availability != nil && len(p.MasterVariant.Prices) > 3
	})
	if err != nil {
		return nil, err
	}

	all, err := d.withCategory(p.Categories[0].ID)
	if err != nil {
		return nil, err
	}

	stock, err := d.stockOf(p.MasterVariant.SKU)
	if err != nil {
		return nil, err
	}

	_, other, err := find(d.shop, "product-projections", func(p commercetools.Product) bool { return len(p.Categories) == 0 })
	if err != nil {
		return nil, err
	}

	withdrawn, err := changed(other, map[string]any{"published": false})

	return append(all,
		happening{
			what: fmt.Sprintf("ProductPublished, %d variants", 1+len(p.Variants)), function: "ProductEvents",
			message: message("product", product, "ProductPublished", map[string]any{"productProjection": product}),
		},
		happening{
			what: "inventory-entry ResourceUpdated", function: "InventoryEvents",
			message: update("inventory-entry", stock), endpoint: "inventory", resource: stock,
		},
		happening{
			what: "ProductPublished, another", function: "ProductEvents",
			message: message("product", other, "ProductPublished", map[string]any{"productProjection": other}),
		},
		happening{
			what: "ProductUnpublished", function: "ProductEvents",
			message: message("product", withdrawn, "ProductUnpublished", nil), endpoint: "product-projections", resource: withdrawn,
		},
	), err
}

// withCategory creates a category and those above it, and renames it.
func (d *demo) withCategory(id string) ([]happening, error) {
	c, err := commercetools.Decode[commercetools.Category](d.shop.Get("categories", id))
	if err != nil {
		return nil, err
	}

	var all []happening

	for _, one := range append(c.Ancestors, commercetools.CategoryReference{ID: id}) {
		category := d.shop.Get("categories", one.ID)
		all = append(all, happening{
			what: "CategoryCreated", function: "CategoryEvents",
			message: message("category", category, "CategoryCreated", map[string]any{"category": category}),
		})
	}

	renamed, err := changed(d.shop.Get("categories", id), map[string]any{"name": map[string]string{"en-US": "Favourites", "de-DE": "Lieblinge"}})

	return append(all, happening{
		what: "category ResourceUpdated, another name", function: "CategoryEvents",
		message: update("category", renamed), endpoint: "categories", resource: renamed,
	}), err
}

// stockOf is an inventory entry of a SKU that now has 7 pieces.
func (d *demo) stockOf(sku string) (json.RawMessage, error) {
	_, entry, err := find(d.shop, "inventory", func(e commercetools.InventoryEntry) bool { return e.SKU == sku && e.SupplyChannel == nil })
	if err != nil {
		return nil, err
	}

	return changed(entry, map[string]any{"quantityOnStock": 7, "availableQuantity": 7})
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
