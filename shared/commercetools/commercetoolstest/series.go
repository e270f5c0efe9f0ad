package commercetoolstest

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"
	"sort"
	"strconv"
	"time"
)

// series is the generated resources of one type, numbered from 0. None is kept: each is made whenever it is asked for, always
// the same, so that a shop of a million costs 24 bytes for each.
type series struct {
	// inOrder has the ids in their order, and whose they are.
	inOrder []numbered
	id      func(number int) uuid
	make    func(number int) json.RawMessage
	// life is what queries ask for most, at a fraction of make's cost.
	life func(number int) life
	// find leads from a field to the numbers of the resources that have a value there. What it does not hold is found by
	// looking at all.
	find map[string]func(value string) []int
}

// life is from when to when a resource was changed.
type life struct {
	created, modified time.Time
	version           int
	// hidden is a product that is not published.
	hidden bool
}

type numbered struct {
	uuid

	number uint32
}

func newSeries(n int, id func(number int) uuid) *series {
	s := &series{inOrder: make([]numbered, n), id: id}
	for i := range s.inOrder {
		s.inOrder[i] = numbered{uuid: id(i), number: uint32(i)}
	}

	slices.SortFunc(s.inOrder, func(a, b numbered) int { return cmp.Or(cmp.Compare(a.high, b.high), cmp.Compare(a.low, b.low)) })

	return s
}

// at returns the resource at a place in the order of the ids.
func (s *series) at(place int) *resource {
	return &resource{id: s.inOrder[place].String(), made: s, number: int(s.inOrder[place].number)}
}

// place returns where in the order an id is or would be.
func (s *series) place(id string) (int, bool) {
	return sort.Find(len(s.inOrder), func(i int) int { return cmp.Compare(id, s.inOrder[i].String()) })
}

func (s *series) get(id string) *resource {
	place, found := s.place(id)
	if !found {
		return nil
	}

	return s.at(place)
}

// uuid is a UUID of version 4.
type uuid struct{ high, low uint64 }

func newUUID(high, low uint64) uuid {
	return uuid{high: high&^0xf000 | 0x4000, low: low>>2 | 1<<63}
}

// String returns the usual form, which sorts as the numbers do.
func (u uuid) String() string {
	var (
		bytes [16]byte
		text  [36]byte
	)

	for i := range 8 {
		bytes[i], bytes[8+i] = byte(u.high>>(56-8*i)), byte(u.low>>(56-8*i)) //nolint:gosec // byte by byte
	}

	hex.Encode(text[0:], bytes[0:4])
	hex.Encode(text[9:], bytes[4:6])
	hex.Encode(text[14:], bytes[6:8])
	hex.Encode(text[19:], bytes[8:10])
	hex.Encode(text[24:], bytes[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'

	return string(text[:])
}

// parts numbers what resources consist of through: the payments of the first order, those of the second, and so on.
type parts []uint32

func newParts(n int, count func(number int) int) parts {
	first := make(parts, n+1)
	for i := range n {
		first[i+1] = first[i] + uint32(count(i)) //nolint:gosec // a few
	}

	return first
}

// len is how many parts there are of all.
func (p parts) len() int { return int(p[len(p)-1]) }

// of returns the parts of a resource, to not among them.
func (p parts) of(number int) (from, to int) { return int(p[number]), int(p[number+1]) }

// whole returns the resource that a part belongs to, and which of its parts it is.
func (p parts) whole(part int) (number, which int) {
	number = sort.Search(len(p)-1, func(i int) bool { return int(p[i+1]) > part })

	return number, part - int(p[number])
}

// mix spreads numbers over 64 bits (splitmix64), so that neighbours have nothing in common.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb

	return x ^ x>>31
}

// padded writes a number with at least seven digits.
func padded(n int) string {
	text := strconv.Itoa(n)

	return "0000000"[min(len(text), 7):] + text
}
