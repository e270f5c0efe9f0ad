package klaviyotest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// catalog is the one catalog of an account.
type catalog struct{ items, variants, categories *shelf }

func newCatalog() *catalog {
	categories := &shelf{kind: categoryKind(), byID: map[string]*entry{}}
	items := &shelf{kind: itemKind(), byID: map[string]*entry{}, target: categories}
	variants := &shelf{kind: variantKind(), byID: map[string]*entry{}, target: items}
	categories.source, items.source = items, variants

	return &catalog{items: items, variants: variants, categories: categories}
}

// shelf has the resources of one type, by external id.
type shelf struct {
	kind
	byID map[string]*entry
	// target is where that stands which they refer to: the categories of items, the items of variants. source is the
	// opposite way.
	target, source *shelf
}

// entry is what is kept of a resource.
type entry struct {
	attributes       map[string]any
	refs, sources    map[string]bool // external ids on the target and on the source
	writes           int
	created, updated time.Time
}

// find returns the external id in a compound id, and its resource if there is one.
func (sh *shelf) find(compound string) (string, *entry) {
	id, ours := strings.CutPrefix(compound, klaviyo.CompoundID(""))
	if !ours {
		return "", nil
	}

	return id, sh.byID[id]
}

// missing finds what a resource refers to in vain.
func (sh *shelf) missing(r sentResource) (reference, bool) {
	for _, ref := range r.refs {
		if _, e := sh.target.find(ref.ID); e == nil {
			return ref, true
		}
	}

	return reference{}, false
}

// put writes a resource: null clears, absent leaves. An object such as custom_metadata is replaced as a whole, which
// Klaviyo does not document.
func (sh *shelf) put(id string, r sentResource, now time.Time) {
	e := sh.byID[id]
	if e == nil {
		e = &entry{attributes: map[string]any{}, sources: map[string]bool{}, created: now}
		sh.byID[id] = e
	}

	e.attributes = maps.Clone(e.attributes) // the old ones may have been given out
	maps.Copy(e.attributes, r.attributes)
	maps.DeleteFunc(e.attributes, func(_ string, v any) bool { return v == nil })

	if r.refs != nil {
		sh.refer(id, e, r.refs)
	}

	e.writes++
	e.updated = now
}

// refer replaces what a resource refers to.
func (sh *shelf) refer(id string, e *entry, refs []reference) {
	for old := range e.refs {
		delete(sh.target.byID[old].sources, id)
	}

	e.refs = map[string]bool{}

	for _, ref := range refs {
		targetID, target := sh.target.find(ref.ID)
		e.refs[targetID], target.sources[id] = true, true
	}
}

// remove takes a resource away, and what can't be without it: an item's variants, but not a category's items.
func (sh *shelf) remove(id string) {
	e := sh.byID[id]

	for source := range e.sources {
		if sh.source.owned {
			sh.source.remove(source)
		} else {
			delete(sh.source.byID[source].refs, id)
		}
	}

	for target := range e.refs {
		delete(sh.target.byID[target].sources, id)
	}

	delete(sh.byID, id)
}

// Entry is an item, a variant or a category of the catalog, as it is kept.
type Entry struct {
	ExternalID string
	Attributes map[string]any
	// Refs are the external ids of an item's categories, in their order, or that of a variant's item.
	Refs []string
	// Writes is how often it was written since it was created.
	Writes int
}

// Items returns all items of the catalog in the order of their external ids.
func (s *Server) Items() []Entry { return s.entries(s.catalog.items) }

// Variants returns all variants of the catalog in the order of their external ids.
func (s *Server) Variants() []Entry { return s.entries(s.catalog.variants) }

// Categories returns all categories of the catalog in the order of their external ids.
func (s *Server) Categories() []Entry { return s.entries(s.catalog.categories) }

func (s *Server) entries(sh *shelf) []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(time.Now())

	all := make([]Entry, 0, len(sh.byID))

	for _, id := range slices.Sorted(maps.Keys(sh.byID)) {
		e := sh.byID[id]
		all = append(all, Entry{
			ExternalID: id, Attributes: maps.Clone(e.attributes), Refs: slices.Sorted(maps.Keys(e.refs)), Writes: e.writes,
		})
	}

	return all
}
