package commercetoolstest

import (
	"bytes"
	"encoding/json"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

// Size says how large a generated shop is. The rest follows: there is about a payment for each order, two to three variants
// and their stock for each product, and a standalone price for each product on average.
type Size struct {
	Customers, Orders, Products, Categories int
	// SameDigit makes all ids begin with the same digit, where ids of version 4 spread evenly: the worst case for whoever
	// cuts them into ranges.
	SameDigit bool
}

// Shop is a generated shop. Its resources refer to each other as a real shop's do: orders to customers, products, discount
// codes and payments, products to categories and channels, stock and standalone prices to SKUs.
//
// They are as odd as those of real shops; the comments of spoil (customers), product, embeddedPrices, order and payment
// tell how. The same seed and size give the same resources, and fewer customers are the first of more.
type Shop struct {
	seed      uint64
	size      Size
	countries []country
	endpoints map[string]*series

	// categories are made once: most products refer to some.
	categories []category
	// payments are those of each order; stock and prices are the inventory entries and standalone prices of each product.
	payments, stock, prices parts
}

// kind is a type of resource; each has random numbers of its own.
type kind uint64

const (
	aCustomer kind = iota
	aCategory
	aProduct
	anOrder
	aPayment
	anEntry
	aPrice
	aChannel
	aGroup
	aStore
	aCode
	aDeletedProduct
)

// NewShop returns a shop. Nothing but the ids is made before it is asked for: 20 bytes a resource.
func NewShop(seed uint64, size Size) *Shop {
	s := &Shop{seed: seed, size: size, countries: countries()}
	s.categories = s.newCategories()
	s.stock = newParts(size.Products, stockOf)
	s.prices = newParts(size.Products, pricesOf)
	s.payments = newParts(size.Orders, paymentsOf)

	s.endpoints = map[string]*series{}
	s.generate("customers", aCustomer, size.Customers, s.customerLife, func(n int) any { return s.customer(n) })
	s.generate("categories", aCategory, size.Categories, s.categoryLife, func(n int) any { return s.categories[n] })
	s.generate("product-projections", aProduct, size.Products, s.productLife, func(n int) any { return s.product(n) })
	s.generate("inventory", anEntry, s.stock.len(), unchanged, func(n int) any { return s.entry(n) })
	s.generate("standalone-prices", aPrice, s.prices.len(), unchanged, func(n int) any { return s.standalonePrice(n) })
	s.generate("orders", anOrder, size.Orders, s.orderLife, func(n int) any { return s.order(n) })
	s.generate("payments", aPayment, s.payments.len(), s.paymentLife, func(n int) any { return s.payment(n) })
	s.generateSetting("channels", aChannel, channels())
	s.generateSetting("customer-groups", aGroup, customerGroups())
	s.generateSetting("stores", aStore, stores())
	s.generateSetting("discount-codes", aCode, discountCodes())

	s.endpoints["inventory"].find = map[string]func(string) []int{"sku": s.stocked}
	s.endpoints["standalone-prices"].find = map[string]func(string) []int{"sku": s.priced}
	s.endpoints["orders"].find = map[string]func(string) []int{"paymentInfo.payments.id": s.paidBy}

	return s
}

func (s *Shop) generate(endpoint string, k kind, n int, life func(int) life, one func(int) any) {
	made := newSeries(n, func(number int) uuid.UUID { return s.id(k, number) })
	made.life = life
	made.make = func(number int) json.RawMessage {
		var out bytes.Buffer

		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false) // commercetools does not

		if err := encoder.Encode(one(number)); err != nil {
			panic(err)
		}

		return bytes.TrimSpace(out.Bytes())
	}
	s.endpoints[endpoint] = made
}

// Len is how many resources of an endpoint, such as "orders", the shop has; of "product-projections" those too that are
// not published.
func (s *Shop) Len(endpoint string) int { return len(s.endpoints[endpoint].inOrder) }

// All are the resources of an endpoint as commercetools sends them, in the order of their numbers.
func (s *Shop) All(endpoint string) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		for number := range s.Len(endpoint) {
			if !yield(s.Resource(endpoint, number)) {
				return
			}
		}
	}
}

// Resource is the resource with a number, from 0 to Len; it is made anew each time.
func (s *Shop) Resource(endpoint string, number int) json.RawMessage {
	return s.endpoints[endpoint].make(number)
}

// Get is the resource with an id; nil when there is none.
func (s *Shop) Get(endpoint, id string) json.RawMessage {
	r := s.endpoints[endpoint].get(id)
	if r == nil {
		return nil
	}

	return r.text()
}

// id is the id of a resource.
func (s *Shop) id(k kind, number int) uuid.UUID {
	high := mix(mix(s.seed) + mix(uint64(k)<<48+uint64(number))) //nolint:gosec // numbers are not negative

	if s.size.SameDigit {
		high = high<<4>>4 | 7<<60
	}

	return newUUID(high, mix(high))
}

func (s *Shop) ref(typeID string, k kind, number int) reference {
	return reference{TypeID: typeID, ID: s.id(k, number).String()}
}

// generator draws what is random about one resource; the order of its calls is part of the result.
type generator struct{ *rand.Rand }

func (s *Shop) draw(k kind, number int) generator {
	high, low := words(s.id(k, number))

	return generator{rand.New(rand.NewPCG(mix(high), low))}
}

// life draws when a resource was created and when it was last changed.
func (g generator) life(from, to time.Time) life {
	created := from.Add(time.Duration(g.Int64N(int64(to.Sub(from)))))
	version := 1 + g.IntN(40)

	return life{
		created:  created,
		modified: created.Add(time.Duration(version-1) * time.Duration(g.Int64N(int64(36*time.Hour)))),
		version:  version,
	}
}

// uuid is a random UUID of version 4, from the seed.
func (g generator) uuid() string {
	return newUUID(g.Uint64(), g.Uint64()).String()
}

func pick[T any](g generator, from []T) T { return from[g.IntN(len(from))] }

// year is the beginning of a year.
func year(y int) time.Time { return time.Date(y, time.January, 1, 0, 0, 0, 0, time.UTC) }

// every tells whether a number is one of those that have an oddity: one in n, beginning with the first.
func every(n, first, number int) bool { return number%n == first }
