package commercetoolstest

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// series is the generated resources of one type, numbered from 0. None is kept: each is made whenever it is asked for, always
// the same, so that a shop of a million costs 20 bytes for each.
type series struct {
	// inOrder has the ids in their order, and whose they are.
	inOrder []numbered
	id      func(number int) uuid.UUID
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
	uuid.UUID

	number uint32
}

func newSeries(n int, id func(number int) uuid.UUID) *series {
	s := &series{inOrder: make([]numbered, n), id: id}
	for i := range s.inOrder {
		s.inOrder[i] = numbered{UUID: id(i), number: uint32(i)}
	}

	slices.SortFunc(s.inOrder, func(a, b numbered) int { // faster than by their bytes
		high, low := words(a.UUID)
		otherHigh, otherLow := words(b.UUID)

		return cmp.Or(cmp.Compare(high, otherHigh), cmp.Compare(low, otherLow))
	})

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

// newUUID makes a UUID of version 4 of 124 bits.
func newUUID(high, low uint64) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:8], high&^0xf000|0x4000)
	binary.BigEndian.PutUint64(id[8:], low>>2|1<<63)

	return id
}

// words are the two halves of an id, which hold what it was made of.
func words(id uuid.UUID) (high, low uint64) {
	return binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
}

// chosen is one of n, by an id.
func chosen(id uuid.UUID, n int) int {
	_, low := words(id)

	return int(low >> 2 % uint64(n)) //nolint:gosec // smaller than n
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
