package klaviyotest

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
)

// filter is what GET /api/profiles selects by: profiles whose field has one of the values.
type filter struct {
	field  string
	values []string
}

var (
	errFilter  = errors.New("invalid filter")
	filterForm = regexp.MustCompile(`^(equals|any)\((id|email|phone_number|external_id),(.*)\)$`)
)

// parseFilter reads equals(field,"value") and any(field,["value",…]). Values are read as JSON, with which Klaviyo's literals
// agree as far as they are documented.
func parseFilter(s string) (filter, error) {
	parts := filterForm.FindStringSubmatch(s)
	if parts == nil {
		return filter{}, errFilter
	}

	f := filter{field: parts[2]}

	if parts[1] == "any" {
		if err := json.Unmarshal([]byte(parts[3]), &f.values); err != nil || len(f.values) == 0 {
			return filter{}, errFilter
		}

		return f, nil
	}

	var value string
	if err := json.Unmarshal([]byte(parts[3]), &value); err != nil {
		return filter{}, errFilter
	}

	f.values = []string{value}

	return f, nil
}

// find returns the profiles that a filter selects, in the order of their ids.
func (s *profileStore) find(f filter) []*profile {
	var found []*profile

	for _, value := range f.values {
		p := s.withID(value)
		if f.field != "id" {
			id, _ := identifierOf(map[string]any{f.field: value}, f.field)
			p = s.byIdentifier[id]
		}

		if p != nil && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}

	slices.SortFunc(found, func(a, b *profile) int { return a.number - b.number })

	return found
}
