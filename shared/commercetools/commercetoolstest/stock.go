package commercetoolstest

// availability is the stock that a variant shows.
type availability struct {
	Channels          map[string]channelAvailability `json:"channels,omitempty"`
	IsOnStock         bool                           `json:"isOnStock"`
	AvailableQuantity int64                          `json:"availableQuantity"`
	Version           int                            `json:"version"`
	ID                string                         `json:"id"`
}

type channelAvailability struct {
	IsOnStock         bool   `json:"isOnStock"`
	AvailableQuantity int64  `json:"availableQuantity"`
	Version           int    `json:"version"`
	ID                string `json:"id"`
}

// entry is an inventory entry in commercetools' order of properties.
type entry struct {
	base
	SKU               string     `json:"sku"`
	SupplyChannel     *reference `json:"supplyChannel,omitempty"`
	QuantityOnStock   int64      `json:"quantityOnStock"`
	AvailableQuantity int64      `json:"availableQuantity"`
	Reservations      []struct{} `json:"reservations"`
}

// entriesPerSKU is how many inventory entries each SKU of a product has: one in nine products is not counted at all, and one
// in eight has stock in a channel beside that of none.
func entriesPerSKU(n int) int {
	switch {
	case every(9, 4, n):
		return 0
	case every(8, 3, n):
		return 2
	default:
		return 1
	}
}

// stockOf is how many inventory entries a product has.
func stockOf(n int) int { return entriesPerSKU(n) * skusOf(n) }

// quantity is the stock of an entry: one in seven has nothing, and a channel is empty for every second product that has one, while the
// other stock may not be.
func quantity(n, v, channel int) int64 {
	drawn := mix(uint64(n)<<16 + uint64(v)<<8 + uint64(channel)) //nolint:gosec // small
	if drawn%7 == 0 || channel == 1 && n%16 == 3 {
		return 0
	}

	return int64(drawn >> 8 % 400)
}

// availability returns nil for a variant that is not counted, or of a product that is gone.
func (s *Shop) availability(n, v int) *availability {
	entries := entriesPerSKU(n)
	if entries == 0 || n >= s.size.Products {
		return nil
	}

	first, _ := s.stock.of(n)
	number := first + v*entries
	q := quantity(n, v, 0)
	a := &availability{IsOnStock: q > 0, AvailableQuantity: q, Version: 1, ID: s.id(anEntry, number).String()}

	if entries == 2 {
		q := quantity(n, v, 1)
		a.Channels = map[string]channelAvailability{
			s.id(aChannel, 0).String(): {IsOnStock: q > 0, AvailableQuantity: q, Version: 1, ID: s.id(anEntry, number+1).String()},
		}
	}

	return a
}

// entry generates what availability shows.
func (s *Shop) entry(number int) entry {
	n, which := s.stock.whole(number)
	v, channel := which/entriesPerSKU(n), which%entriesPerSKU(n)
	q := quantity(n, v, channel)

	e := entry{
		base: newBase(s.id(anEntry, number), unchanged(number)),
		SKU:  sku(n, v), QuantityOnStock: q, AvailableQuantity: q, Reservations: []struct{}{},
	}

	if channel == 1 {
		e.SupplyChannel = new(s.ref("channel", aChannel, 0))
	}

	return e
}

// stocked are the numbers of a SKU's inventory entries.
func (s *Shop) stocked(sku string) []int {
	n, v, ok := s.variantOf(sku)
	if !ok {
		return nil
	}

	from, _ := s.stock.of(n)

	return numbers(from+v*entriesPerSKU(n), entriesPerSKU(n))
}
