package commercetoolstest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// store keeps the resources by endpoint.
type store struct {
	mu        sync.Mutex
	endpoints map[string]*collection
}

// collection keeps the resources of one type: the generated ones, and over them those that were put. byID has a resource
// without text for one that was deleted. inOrder is made when a query needs it and never changed afterwards: a change of one
// resource makes another, and one of many forgets it, so that filling a shop sorts once and readers need no lock.
type collection struct {
	made    *series
	byID    map[string]*resource
	inOrder []*resource
}

// at returns the collection of an endpoint, which it creates; the caller has the lock.
func (s *store) at(endpoint string) *collection {
	if s.endpoints == nil {
		s.endpoints = map[string]*collection{}
	}

	c := s.endpoints[endpoint]
	if c == nil {
		c = &collection{made: &series{}, byID: map[string]*resource{}}
		s.endpoints[endpoint] = c
	}

	return c
}

// generate replaces all resources of an endpoint.
func (s *store) generate(endpoint string, made *series) {
	s.mu.Lock()
	defer s.mu.Unlock()

	*s.at(endpoint) = collection{made: made, byID: map[string]*resource{}}
}

func (s *store) put(endpoint string, raw []json.RawMessage) {
	added := make([]*resource, len(raw))

	for i, one := range raw {
		var err error
		if added[i], err = newResource(one); err != nil {
			panic(fmt.Sprintf("commercetoolstest: put %s: %v", endpoint, err))
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	s.at(endpoint).set(added...)
}

func (c *collection) set(resources ...*resource) {
	for _, r := range resources {
		c.byID[r.id] = r
	}

	if c.inOrder == nil || len(resources) != 1 {
		c.inOrder = nil

		return
	}

	place, found := view{put: c.inOrder}.place(resources[0].id)

	rest := c.inOrder[place:]
	if found {
		rest = rest[1:]
	}

	c.inOrder = slices.Concat(c.inOrder[:place], resources, rest)
}

func (s *store) remove(endpoint, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.at(endpoint).set(&resource{id: id})
}

// view returns the resources of an endpoint as they are now.
func (s *store) view(endpoint string) view {
	s.mu.Lock()
	defer s.mu.Unlock()

	c := s.endpoints[endpoint]
	if c == nil {
		return view{made: &series{}}
	}

	if c.inOrder == nil {
		c.inOrder = make([]*resource, 0, len(c.byID))
		for _, r := range c.byID {
			c.inOrder = append(c.inOrder, r)
		}

		slices.SortFunc(c.inOrder, func(a, b *resource) int { return strings.Compare(a.id, b.id) })
	}

	return view{made: c.made, put: c.inOrder}
}
