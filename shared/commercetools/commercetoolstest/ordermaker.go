package commercetoolstest

import (
	"fmt"
	"time"
)

// What is odd about orders, by their numbers; see also order and newCart.
func guest(n int) bool         { return every(5, 1, n) }
func withoutEmail(n int) bool  { return every(41, 7, n) } // a customer, whose id is all there is
func withoutPerson(n int) bool { return every(97, 13, n) }
func discountedBy(n int) bool  { return every(6, 2, n) } // by a code
func withExtra(n int) bool     { return every(7, 3, n) } // a custom line item

// buyer is the number of the customer who placed an order; ok is false for a guest.
func (s *Shop) buyer(n int) (number int, ok bool) {
	if s.size.Customers == 0 || guest(n) || withoutPerson(n) {
		return 0, false
	}

	return chosen(s.id(anOrder, n), s.size.Customers), true
}

// orderLife begins after the customer's.
func (s *Shop) orderLife(n int) life {
	from := year(2022)

	if customer, ok := s.buyer(n); ok {
		if created := s.customerLife(customer).created; created.After(from) {
			from = created
		}
	}

	return s.draw(anOrder, n).life(from, year(2026).AddDate(0, 6, 0))
}

// orderState: of ten orders three are open, three confirmed, three complete, and one is cancelled.
func orderState(n int) string {
	return []string{"Open", "Confirmed", "Complete", "Open", "Complete", "Cancelled", "Confirmed", "Open", "Complete", "Confirmed"}[n%10]
}

// order generates one order. Beside what the functions above tell,
//   - one in nine has no billing address, and one in 17 none at all;
//   - the second of two discount codes does not count, one order in 18 has a discount on the total price;
//   - half have custom fields, one in four an order number of its own.
func (s *Shop) order(n int) order {
	g := s.draw(anOrder, n)
	lived := s.orderLife(n)
	home := s.countries[g.IntN(len(s.countries))]

	o := order{
		base: newBase(s.id(anOrder, n), lived), Type: "Order",
		Country: home.code, OrderState: orderState(n),
		SyncInfo: []struct{}{}, ReturnInfo: []struct{}{},
		TaxMode: "Platform", InventoryMode: "None", TaxRoundingMode: "HalfEven", TaxCalculationMode: "LineItemLevel",
		Origin: "Customer", ShippingMode: "Single", Shipping: []struct{}{}, ItemShippingAddresses: []struct{}{},
		RefusedGifts: []struct{}{}, DirectDiscounts: []struct{}{}, DiscountCodes: []discountCodeInfo{},
		CustomLineItems: []customLineItem{}, Cart: reference{"cart", g.uuid()},
	}

	home = s.person(&o, g, n, home)
	s.fill(&o, g, n, home.currency)
	s.state(&o, n)

	if !every(4, 2, n) {
		o.OrderNumber = "ON-" + padded(n)
	}

	if every(3, 1, n) {
		o.Store = &keyReference{"store", stores()[n%len(stores())].Key}
	}

	if n%2 == 0 {
		o.Custom = map[string]any{
			"type": reference{"type", "22d3e4f5-a6b7-4c8d-9e0f-1a2b3c4d5e6f"},
			"fields": map[string]any{
				"giftMessage": `Alles Gute! "❤"`, "internalScore": g.IntN(100), "isGift": n%4 == 0, "note": "",
				"preferredDelivery": lived.created.AddDate(0, 0, 3).Format(time.DateOnly),
			},
		}
	}

	return o
}

// person says who ordered, and where to: it returns the country.
func (s *Shop) person(o *order, g generator, n int, home country) country {
	number, known := s.buyer(n)

	var who customer

	if known {
		who = s.customer(number)
		home = s.customerHome(number)
		o.CustomerID, o.CustomerEmail, o.Locale = who.ID, who.Email, who.Locale
	} else {
		who = customer{FirstName: pick(g, home.first), LastName: pick(g, home.last)}
		o.AnonymousID = g.uuid()
		o.CustomerEmail = fmt.Sprintf("guest.%d@gast.%s", n, home.domain)
	}

	o.Country = home.code

	if withoutPerson(n) || withoutEmail(n) {
		o.CustomerEmail = ""
	}

	if every(17, 4, n) {
		return home
	}

	a := g.address(n, home, who)
	o.ShippingAddress = &a

	if !every(9, 8, n) {
		o.BillingAddress = &a
	}

	return home
}

// state says how far the order is.
func (s *Shop) state(o *order, n int) {
	switch o.OrderState {
	case "Confirmed":
		o.ShipmentState = "Ready"
	case "Complete":
		o.ShipmentState = "Shipped"
	}

	from, to := s.payments.of(n)
	if from == to {
		return
	}

	o.PaymentState = "Paid"
	o.PaymentInfo = &paymentInfo{}

	for number := from; number < to; number++ {
		o.PaymentInfo.Payments = append(o.PaymentInfo.Payments, s.ref("payment", aPayment, number))
	}
}
