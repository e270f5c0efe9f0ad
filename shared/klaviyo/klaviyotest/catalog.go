package klaviyotest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

func (s *Server) catalogRoutes() {
	for _, sh := range []*shelf{s.catalog.items, s.catalog.variants, s.catalog.categories} {
		name := strings.ReplaceAll(sh.name, "-", "_")

		s.catalogJobRoutes(sh)

		all := map[string]operation{
			http.MethodPost: {name: "create_" + name, maxBody: maxRequest, answer: func(_ *http.Request, body []byte) answer {
				return s.createEntry(sh, body)
			}},
		}

		if !sh.owned { // variants are only asked for with their item
			all[http.MethodGet] = operation{name: "get_catalog_" + sh.plural, answer: func(r *http.Request, _ []byte) answer {
				return s.listEntries(sh, r)
			}}
		}

		s.handle(sh.path, all)
		s.handle(sh.path+"/{id}", map[string]operation{
			http.MethodPatch: {name: "update_" + name, maxBody: maxRequest, answer: func(r *http.Request, body []byte) answer {
				return s.updateEntry(sh, r.PathValue("id"), body)
			}},
			http.MethodDelete: {name: "delete_" + name, answer: func(r *http.Request, _ []byte) answer {
				return s.deleteEntry(sh, r.PathValue("id"))
			}},
		})
	}

	s.handle("/api/catalog-items/{id}/relationships/variants", map[string]operation{
		http.MethodGet: {name: "get_variant_ids_for_catalog_item", answer: s.getVariantIDs},
	})
}

// createEntry answers 409 when the id is taken, as Klaviyo does; what is in that answer is made up.
func (s *Server) createEntry(sh *shelf, body []byte) answer {
	sent, wrong := sh.decodeOne(body, "")
	if len(wrong) > 0 {
		return invalids(wrong)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(time.Now())

	id := text(sent.attributes, "external_id")
	if sh.byID[id] != nil {
		return problemAt(http.StatusConflict, "conflict", "Conflict.", fault{
			"A " + sh.name + " with id " + klaviyo.CompoundID(id) + " already exists.", "/data/attributes/external_id",
		})
	}

	return s.writeEntry(http.StatusCreated, sh, id, sent)
}

func (s *Server) updateEntry(sh *shelf, compound string, body []byte) answer {
	sent, wrong := sh.decodeOne(body, compound)
	if len(wrong) > 0 {
		return invalids(wrong)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(time.Now())

	id, e := sh.find(compound)
	if e == nil {
		return notFound(sh.name, compound)
	}

	return s.writeEntry(http.StatusOK, sh, id, sent)
}

// writeEntry answers 404 when the resource refers to one that isn't there: a category that an item is said to be in, the item
// of a variant. Klaviyo doesn't document what it does then.
func (s *Server) writeEntry(status int, sh *shelf, id string, sent sentResource) answer {
	if ref, missing := sh.missing(sent); missing {
		return notFoundAt(sh.target.name, ref.ID, "/data/relationships/"+sh.relation)
	}

	sh.put(id, sent, time.Now())
	r := sh.resource(id, nil)

	return answer{status: status, document: document{Data: r, Links: *r.Links}}
}

// answered are the attributes that Klaviyo answers with.
func (e *entry) answered() map[string]any {
	attributes := maps.Clone(e.attributes)
	attributes["updated"] = timestamp(e.updated)

	if _, isCategory := attributes["name"]; !isCategory {
		attributes["created"] = timestamp(e.created)
	}

	return attributes
}

// resource is a resource in an answer. What such an answer says about a relationship is where it is, and what only when it
// was asked to include it: named. A variant's doesn't tell whose it is.
func (sh *shelf) resource(id string, named []reference) resource {
	self := publicURL + sh.path + "/" + url.PathEscape(klaviyo.CompoundID(id))
	relationship := map[string]any{"links": map[string]string{
		"self": self + "/relationships/" + sh.linkedTo, "related": self + "/" + sh.linkedTo,
	}}

	if named != nil {
		relationship["data"] = named
	}

	return resource{
		Type: sh.name, ID: klaviyo.CompoundID(id), Attributes: sh.byID[id].answered(),
		Relationships: map[string]any{sh.linkedTo: relationship}, Links: &links{Self: self},
	}
}

func (s *Server) deleteEntry(sh *shelf, compound string) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(time.Now())

	id, e := sh.find(compound)
	if e == nil {
		return notFound(sh.name, compound)
	}

	sh.remove(id)

	return answer{status: http.StatusNoContent}
}

func (s *Server) getVariantIDs(r *http.Request, _ []byte) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(time.Now())

	_, item := s.catalog.items.find(r.PathValue("id"))
	if item == nil {
		return notFound(s.catalog.items.name, r.PathValue("id"))
	}

	return page(r.URL, maxPage, slices.Sorted(maps.Keys(item.sources)), func(id string) resource {
		return resource{Type: s.catalog.variants.name, ID: klaviyo.CompoundID(id)}
	})
}
