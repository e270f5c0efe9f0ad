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

// maxResource is Klaviyo's 5 MB for any request.
const maxResource = 5_000_000

func (s *Server) catalogRoutes() {
	for _, sh := range []*shelf{s.catalog.items, s.catalog.variants, s.catalog.categories} {
		name := strings.ReplaceAll(sh.name, "-", "_")

		s.handle(sh.path, map[string]operation{
			http.MethodPost: {name: "create_" + name, maxBody: maxResource, answer: func(_ *http.Request, body []byte) answer {
				return s.createEntry(sh, body)
			}},
		})
		s.handle(sh.path+"/{id}", map[string]operation{
			http.MethodPatch: {name: "update_" + name, maxBody: maxResource, answer: func(r *http.Request, body []byte) answer {
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
	sent, wrong := sh.decode(body, "")
	if len(wrong) > 0 {
		return invalids(wrong)
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	id := text(sent.attributes, "external_id")
	if sh.byID[id] != nil {
		return problemAt(http.StatusConflict, "conflict", "Conflict.", fault{
			"A " + sh.name + " with id " + klaviyo.CompoundID(id) + " already exists.", "/data/attributes/external_id",
		})
	}

	return s.writeEntry(http.StatusCreated, sh, id, sent)
}

func (s *Server) updateEntry(sh *shelf, compound string, body []byte) answer {
	sent, wrong := sh.decode(body, compound)
	if len(wrong) > 0 {
		return invalids(wrong)
	}

	s.mu.Lock()
	defer s.mu.Unlock()

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

	e := sh.put(id, sent, time.Now())
	self := publicURL + sh.path + "/" + url.PathEscape(klaviyo.CompoundID(id))

	return answer{status: status, document: document{
		Data: resource{
			Type: sh.name, ID: klaviyo.CompoundID(id), Attributes: e.answered(), Relationships: sh.linked(self), Links: &links{Self: self},
		},
		Links: links{Self: self},
	}}
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

// linked is what an answer says about relationships: where they are, not what. A variant's doesn't tell whose it is.
func (sh *shelf) linked(self string) map[string]any {
	return map[string]any{sh.linkedTo: map[string]any{"links": map[string]string{
		"self": self + "/relationships/" + sh.linkedTo, "related": self + "/" + sh.linkedTo,
	}}}
}

func (s *Server) deleteEntry(sh *shelf, compound string) answer {
	s.mu.Lock()
	defer s.mu.Unlock()

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

	_, item := s.catalog.items.find(r.PathValue("id"))
	if item == nil {
		return notFound(s.catalog.items.name, r.PathValue("id"))
	}

	return page(r.URL, maxPage, slices.Sorted(maps.Keys(item.sources)), func(id string) resource {
		return resource{Type: s.catalog.variants.name, ID: klaviyo.CompoundID(id)}
	})
}
