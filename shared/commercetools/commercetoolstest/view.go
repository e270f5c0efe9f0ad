package commercetoolstest

import (
	"iter"
	"slices"
	"strings"
)

// view is the resources of one type at one moment, in the order of their ids: the generated ones, and over them those that
// were put or deleted.
type view struct {
	made *series
	put  []*resource
}

// get returns nil when there is no such resource.
func (v view) get(id string) *resource {
	place, found := v.place(id)

	switch {
	case !found:
		return v.made.get(id)
	case v.put[place].deleted():
		return nil
	default:
		return v.put[place]
	}
}

func (v view) place(id string) (int, bool) {
	return slices.BinarySearchFunc(v.put, id, func(r *resource, id string) int { return strings.Compare(r.id, id) })
}

// len is how many resources there are.
func (v view) len() int {
	n := len(v.made.inOrder)

	for _, r := range v.put {
		if _, replaced := v.made.place(r.id); replaced {
			n--
		}

		if !r.deleted() {
			n++
		}
	}

	return n
}

// candidates are the resources that may match a condition, in order: those that it names, or those of its range of ids.
func (v view) candidates(c condition) iter.Seq[*resource] {
	if c.only == nil {
		return v.scan(c.from, c.to)
	}

	if c.only.field == "id" {
		return v.named(c.only.values)
	}

	find := v.made.find[c.only.field]
	if find == nil {
		return v.scan(c.from, c.to)
	}

	var ids []string

	for _, value := range c.only.values {
		for _, number := range find(value) {
			ids = append(ids, v.made.id(number).String())
		}
	}

	for _, r := range v.put {
		ids = append(ids, r.id)
	}

	return v.named(ids)
}

// named are the resources with these ids, in order.
func (v view) named(ids []string) iter.Seq[*resource] {
	return func(yield func(*resource) bool) {
		for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
			if r := v.get(id); r != nil && !yield(r) {
				return
			}
		}
	}
}

// scan are the resources from one id to another, both included; "" is no end.
func (v view) scan(from, to string) iter.Seq[*resource] {
	return func(yield func(*resource) bool) {
		made, _ := v.made.place(from)
		put, _ := v.place(from)
		m := merge{made: v.made, at: made, put: v.put[put:]}

		for r := m.next(); r != nil && (to == "" || r.id <= to); r = m.next() {
			if !r.deleted() && !yield(r) {
				return
			}
		}
	}
}

// merge goes through generated resources from a place on and those that were put, which replace them.
type merge struct {
	made *series
	at   int
	put  []*resource
}

// next returns nil at the end.
func (m *merge) next() *resource {
	var generated *resource
	if m.at < len(m.made.inOrder) {
		generated = m.made.at(m.at)
	}

	if len(m.put) == 0 || generated != nil && generated.id < m.put[0].id {
		m.at++

		return generated
	}

	first := m.put[0]
	m.put = m.put[1:]

	if generated != nil && generated.id == first.id {
		m.at++
	}

	return first
}
