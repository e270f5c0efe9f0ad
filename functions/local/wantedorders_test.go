package main

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

type rawOrder struct {
	ID             string    `json:"id"`
	CreatedAt      time.Time `json:"createdAt"`
	LastModifiedAt time.Time `json:"lastModifiedAt"`
	CustomerID     string    `json:"customerId"`
	CustomerEmail  string    `json:"customerEmail"`
	OrderState     string    `json:"orderState"`
	TotalPrice     rawMoney  `json:"totalPrice"`
	LineItems      []rawLine `json:"lineItems"`
	Custom         struct {
		Fields map[string]any `json:"fields"`
	} `json:"custom"`
	CustomLineItems []struct {
		Name map[string]string `json:"name"`
	} `json:"customLineItems"`
	PaymentInfo struct {
		Payments []rawReference `json:"payments"`
	} `json:"paymentInfo"`
}

type rawLine struct {
	ID          string            `json:"id"`
	ProductID   string            `json:"productId"`
	Name        map[string]string `json:"name"`
	ProductSlug map[string]string `json:"productSlug"`
	Quantity    int64             `json:"quantity"`
	Price       rawPrice          `json:"price"`
	TotalPrice  rawMoney          `json:"totalPrice"`
	Variant     rawVariant        `json:"variant"`
}

type rawPayment struct {
	ID           string    `json:"id"`
	CreatedAt    time.Time `json:"createdAt"`
	Transactions []struct {
		ID        string    `json:"id"`
		Timestamp time.Time `json:"timestamp"`
		Type      string    `json:"type"`
		State     string    `json:"state"`
		Amount    rawMoney  `json:"amount"`
	} `json:"transactions"`
}

// compared are the properties of an event that are held against the shop: all but what holds what was expanded, an order's
// addresses in Klaviyo's words, and what the golden files show.
//
// Of what happens to an order later only the names are compared: it has the properties of the order that was placed.
func compared(metric string, properties map[string]any) map[string]any {
	if metric != "Placed Order" && metric != "Ordered Product" {
		return map[string]any{"OrderId": properties["OrderId"], "ItemNames": properties["ItemNames"]}
	}

	kept := maps.Clone(properties)

	for _, name := range []string{
		"discountCodes", "paymentInfo", "Brands", "DiscountCode", "DiscountValue", "BillingAddress", "ShippingAddress", "ProductBrand",
	} {
		delete(kept, name)
	}

	if metric == "Ordered Product" {
		delete(kept, "ImageURL") // A line item without a picture has one of its product's.
	}

	items, _ := kept["Items"].([]any)
	lines := make([]any, len(items))

	for i, item := range items {
		line, _ := item.(map[string]any)
		line = maps.Clone(line)

		for _, name := range []string{"Brand", "Categories", "ImageURL"} {
			delete(line, name)
		}

		lines[i] = line
	}

	if items != nil {
		kept["Items"] = lines
	}

	return kept
}

// orders works out the events of a shop's orders.
type orders struct {
	payments map[string]rawPayment
	products map[string]rawProduct
	tree     map[string]rawCategory
}

func wantedOrders(t *testing.T, shop *commercetoolstest.Shop, all account) {
	t.Helper()

	o := orders{map[string]rawPayment{}, map[string]rawProduct{}, rawCategories(t, shop)}
	for _, p := range raws[rawPayment](t, shop, "payments") {
		o.payments[p.ID] = p
	}

	for _, p := range raws[rawProduct](t, shop, "product-projections") {
		if p.Published {
			o.products[p.ID] = p
		}
	}

	for raw, order := range raws[rawOrder](t, shop, "orders") {
		if order.CustomerID != "" || order.CustomerEmail != "" { // else it is of nobody
			o.order(t, raw, order, all)
		}
	}
}

// order adds the events of one order, and the profile of a guest.
func (o orders) order(t *testing.T, raw json.RawMessage, order rawOrder, all account) {
	t.Helper()

	profile := "profile " + order.CustomerID
	if order.CustomerID == "" {
		profile = "guest " + order.CustomerEmail
		all.set(t, profile, fields{"email": order.CustomerEmail})
	}

	add := func(metric, id string, amount rawMoney, at time.Time, properties fields) {
		all.set(t, metric+" "+id, fields{
			"value": amount.String(), "currency": amount.CurrencyCode, "time": at.UTC().Truncate(time.Second).Format(time.RFC3339),
			"backfill": true, "profile": profile, "properties": compared(metric, properties),
		})
	}
	properties := o.properties(t, raw, order)

	add("Placed Order", order.ID, order.TotalPrice, order.CreatedAt, properties)

	switch order.OrderState {
	case "Confirmed", "Complete":
		add("Fulfilled Order", order.ID, order.TotalPrice, order.LastModifiedAt, properties)
	case "Cancelled":
		add("Cancelled Order", order.ID, order.TotalPrice, order.LastModifiedAt, properties)
	}

	for _, line := range o.lines(t, raw, order) {
		add("Ordered Product", line.ID, line.TotalPrice, order.CreatedAt.Add(time.Second), line.properties)
	}

	o.refunds(order, func(id string, amount rawMoney, at time.Time) { add("Refunded Order", id, amount, at, properties) })
}

// refunds: each that has not failed, with its own amount. The first of the first payment that was charged has the order's
// id; without any that was, of the first.
func (o orders) refunds(order rawOrder, add func(id string, amount rawMoney, at time.Time)) {
	payments := o.paymentsOf(order)
	paidBy := max(slices.IndexFunc(payments, rawPayment.charged), 0)
	id := order.ID

	for i, p := range payments {
		for _, part := range p.Transactions {
			if part.Type != "Refund" || part.State == "Failure" {
				continue
			}

			at := part.Timestamp
			if at.IsZero() {
				at = order.LastModifiedAt
			}

			if i == paidBy && id != "" {
				add(id, part.Amount, at)

				id = ""
			} else {
				add(order.ID+":"+part.ID, part.Amount, at)
			}
		}
	}
}

func (o orders) paymentsOf(order rawOrder) []rawPayment {
	payments := make([]rawPayment, len(order.PaymentInfo.Payments))
	for i, ref := range order.PaymentInfo.Payments {
		payments[i] = o.payments[ref.ID]
	}

	return payments
}

func (p rawPayment) charged() bool {
	for _, part := range p.Transactions {
		if part.Type == "Charge" && part.State == "Success" {
			return true
		}
	}

	return false
}

// properties are all the order's own, its custom fields, and those of Klaviyo's guide that are compared.
func (o orders) properties(t *testing.T, raw json.RawMessage, order rawOrder) fields {
	t.Helper()

	properties := own(t, raw)
	for name, value := range order.Custom.Fields {
		if value != "" {
			properties[name] = value
		}
	}

	names, crumbs, items := []string{}, []string{}, []fields{}

	for _, line := range order.LineItems {
		names = append(names, english(line.Name))
		crumbs = append(crumbs, o.crumbs(line.ProductID)...)
		items = append(items, o.line(line))
	}

	for _, line := range order.CustomLineItems {
		names = append(names, english(line.Name))
	}

	properties["OrderId"], properties["Items"] = order.ID, items
	properties["ItemNames"], properties["Categories"] = eachOnce(names), eachOnce(crumbs)

	return properties
}

type wantedLine struct {
	rawLine

	properties fields
}

// lines are an order's line items, each with the properties of its own event.
func (o orders) lines(t *testing.T, raw json.RawMessage, order rawOrder) []wantedLine {
	t.Helper()

	var texts struct {
		LineItems []json.RawMessage `json:"lineItems"`
	}
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatal(err)
	}

	lines := make([]wantedLine, len(order.LineItems))

	for i, line := range order.LineItems {
		properties := own(t, texts.LineItems[i])
		maps.Copy(properties, o.line(line))
		delete(properties, "ItemPrice")
		delete(properties, "RowTotal")

		properties["OrderId"], properties["Categories"] = order.ID, eachOnce(o.crumbs(line.ProductID))
		lines[i] = wantedLine{line, properties}
	}

	return lines
}

// line is a line item in the words of Klaviyo's guide.
func (o orders) line(line rawLine) fields {
	each := line.Price.Value
	if line.Price.Discounted != nil {
		each = line.Price.Discounted.Value
	}

	made := fields{
		"ProductID": line.ProductID, "ProductName": english(line.Name), "Quantity": line.Quantity,
		"ItemPrice": each.float(), "RowTotal": line.TotalPrice.float(),
	}

	if line.Variant.SKU != "" {
		made["SKU"] = line.Variant.SKU
	}

	if url := cmp.Or(page(line.ProductSlug), page(o.products[line.ProductID].Slug)); url != "" {
		made["ProductURL"] = url
	}

	return made
}

// crumbs are the names on the ways to a product's categories. A product that is no longer published has none.
func (o orders) crumbs(product string) []string {
	var crumbs []string

	for _, c := range o.products[product].Categories {
		path := pathOf(o.tree, c.ID)
		for depth := range path {
			crumbs = append(crumbs, namesOf(path[:depth+1]))
		}
	}

	return crumbs
}

// own are a resource's own properties, but for those that say nothing.
func own(t *testing.T, raw json.RawMessage) fields {
	t.Helper()

	var all fields
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}

	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil || value == "" })

	return all
}

// eachOnce keeps the first of equal texts.
func eachOnce(texts []string) []string {
	kept := []string{}

	for _, text := range texts {
		if !slices.Contains(kept, text) {
			kept = append(kept, text)
		}
	}

	return kept
}
