package klaviyotest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// listEntries answers with the resources that a filter any(ids,[…]) selects, or all, in the order of their ids.
func (s *Server) listEntries(sh *shelf, r *http.Request) answer {
	query := r.URL.Query()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(time.Now())

	ids, ok := sh.selected(query.Get("filter"))
	if !ok {
		return invalid("Invalid filter provided", "/data")
	}

	include := query.Get("include") != ""
	if include && (query.Get("include") != sh.linkedTo || !sh.source.owned) {
		return invalid("Invalid include provided", "/data")
	}

	var included []resource

	a := page(r.URL, maxPage, ids, func(id string) resource {
		if !include {
			return sh.resource(id, nil)
		}

		named := []reference{}

		for _, source := range slices.Sorted(maps.Keys(sh.byID[id].sources)) {
			named = append(named, reference{Type: sh.source.name, ID: klaviyo.CompoundID(source)})
			included = append(included, sh.source.resource(source, nil))
		}

		return sh.resource(id, named)
	})

	if d, ok := a.document.(document); ok {
		d.Included = included
		a.document = d
	}

	return a
}

// selected are the external ids that a filter selects, in their order.
func (sh *shelf) selected(filter string) (ids []string, ok bool) {
	if filter == "" {
		return slices.Sorted(maps.Keys(sh.byID)), true
	}

	list, isAny := strings.CutPrefix(filter, "any(ids,")

	var compounds []string
	if err := json.Unmarshal([]byte(strings.TrimSuffix(list, ")")), &compounds); !isAny || err != nil || len(compounds) > maxPage {
		return nil, false
	}

	for _, compound := range compounds {
		if id, e := sh.find(compound); e != nil {
			ids = append(ids, id)
		}
	}

	slices.Sort(ids)

	return slices.Compact(ids), len(compounds) > 0
}
