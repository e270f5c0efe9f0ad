package commercetoolstest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// resource is one resource as it is sent, with what queries ask for most. It never changes; an update is a new one.
type resource struct {
	raw json.RawMessage
	// id, created and modified are in the form that sorts: instants in UTC with milliseconds.
	id, created, modified string
	// tree decodes raw once, for predicates that look at anything else. It must not be changed.
	tree func() map[string]any
}

// field implements fields.
func (r *resource) field(name string) any {
	switch name {
	case "id":
		return r.id
	case "createdAt":
		return r.created
	case "lastModifiedAt":
		return r.modified
	default:
		return r.tree()[name]
	}
}

func newResource(raw json.RawMessage) (*resource, error) {
	var head struct {
		ID             string    `json:"id"`
		CreatedAt      time.Time `json:"createdAt"`
		LastModifiedAt time.Time `json:"lastModifiedAt"`
	}

	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("read a resource: %w", err)
	}

	if head.ID == "" {
		return nil, errNoID
	}

	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return nil, fmt.Errorf("read a resource: %w", err)
	}

	r := &resource{
		raw:      compact.Bytes(),
		id:       head.ID,
		created:  instant(head.CreatedAt),
		modified: instant(head.LastModifiedAt),
	}
	r.tree = sync.OnceValue(func() (tree map[string]any) {
		if err := json.Unmarshal(r.raw, &tree); err != nil {
			panic(err) // it was read above
		}

		return tree
	})

	return r, nil
}

// instant writes a time so that text sorts as time does.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// store keeps the resources by endpoint.
type store struct {
	mu        sync.Mutex
	endpoints map[string]*collection
}

// collection keeps the resources of one type. inOrder is made when a query needs it, never changed afterwards, and
// forgotten with the next change, so that filling a shop sorts once and readers need no lock.
type collection struct {
	byID    map[string]*resource
	inOrder []*resource
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

	if s.endpoints == nil {
		s.endpoints = map[string]*collection{}
	}

	c := s.endpoints[endpoint]
	if c == nil {
		c = &collection{byID: map[string]*resource{}}
		s.endpoints[endpoint] = c
	}

	c.inOrder = nil
	for _, r := range added {
		c.byID[r.id] = r
	}
}

func (s *store) remove(endpoint, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if c := s.endpoints[endpoint]; c != nil {
		c.inOrder = nil
		delete(c.byID, id)
	}
}

// get returns nil when there is no such resource.
func (s *store) get(endpoint, id string) *resource {
	s.mu.Lock()
	defer s.mu.Unlock()

	if c := s.endpoints[endpoint]; c != nil {
		return c.byID[id]
	}

	return nil
}

// sorted returns the resources in the order of their ids. The caller must not change the slice.
func (s *store) sorted(endpoint string) []*resource {
	s.mu.Lock()
	defer s.mu.Unlock()

	c := s.endpoints[endpoint]
	if c == nil {
		return nil
	}

	if c.inOrder == nil {
		c.inOrder = slices.SortedFunc(maps.Values(c.byID), func(a, b *resource) int { return cmp.Compare(a.id, b.id) })
	}

	return c.inOrder
}
