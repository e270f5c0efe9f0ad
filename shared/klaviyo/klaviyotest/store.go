package klaviyotest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Profile is a profile as it is kept.
type Profile struct {
	ID         string
	Attributes map[string]any
	// Imports is how often it was written, by whichever request.
	Imports int
}

// Profiles returns all profiles in the order of their external ids. Jobs whose time has come are done first.
func (s *Server) Profiles() []Profile {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(time.Now())

	all := make([]Profile, 0, len(s.profiles.byID))
	for _, p := range s.profiles.byID {
		all = append(all, Profile{ID: p.id, Attributes: maps.Clone(p.attributes), Imports: p.imports})
	}

	slices.SortFunc(all, func(a, b Profile) int {
		return cmp.Or(strings.Compare(text(a.Attributes, "external_id"), text(b.Attributes, "external_id")), strings.Compare(a.ID, b.ID))
	})

	return all
}

type profile struct {
	id               string
	attributes       map[string]any
	imports          int
	created, updated time.Time
}

// identifierFields are the identifiers by rank.
func identifierFields() [3]string { return [3]string{"external_id", "email", "phone_number"} }

// identifier is a value that one profile at the most has.
type identifier struct{ field, value string }

// identifierOf reads an identifier of some attributes; ok is false when they have none. Email addresses differ by more than
// their case.
func identifierOf(attributes map[string]any, field string) (identifier, bool) {
	value := text(attributes, field)
	if field == "email" {
		value = strings.ToLower(value)
	}

	return identifier{field, value}, value != ""
}

func text(attributes map[string]any, field string) string {
	s, _ := attributes[field].(string)

	return s
}

// store keeps the profiles, and finds them by what identifies them.
type store struct {
	byID         map[string]*profile
	byIdentifier map[identifier]*profile
}

func newStore() *store {
	return &store{byID: map[string]*profile{}, byIdentifier: map[identifier]*profile{}}
}

// owners are the profiles that have one of the identifiers, by rank, each once.
func (s *store) owners(attributes map[string]any) []*profile {
	var found []*profile

	for _, field := range identifierFields() {
		id, ok := identifierOf(attributes, field)
		if !ok {
			continue
		}

		if p := s.byIdentifier[id]; p != nil && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}

	return found
}

// match finds the profile that attributes are about, nil when there is none. When they are about several it returns one
// that stands in the way, and clash is true.
//
// So it is when a phone number is all that a profile has in common with attributes of another email or external id: Klaviyo
// knows a profile by a lower identifier only if it has no higher one, and answers 409 to a new email with somebody's phone
// number (klaviyo/klaviyo-api-node#75). The profile of an email gets a new external id; Klaviyo does not document that.
func (s *store) match(attributes map[string]any) (p *profile, clash bool) {
	owners := s.owners(attributes)
	if len(owners) == 0 {
		return nil, false
	}

	// Of several the one of the lowest rank: Klaviyo's own choice is not documented.
	p = owners[len(owners)-1]

	return p, len(owners) > 1 || s.sharesOnlyPhone(p, attributes)
}

// sharesOnlyPhone tells whether better identifiers than the phone number stand on both sides, and none of them agrees.
func (s *store) sharesOnlyPhone(p *profile, attributes map[string]any) bool {
	given := false

	for _, field := range []string{"external_id", "email"} {
		if id, ok := identifierOf(attributes, field); ok {
			given = true

			if s.byIdentifier[id] == p {
				return false
			}
		}
	}

	return given && (text(p.attributes, "external_id") != "" || text(p.attributes, "email") != "")
}

// create adds a profile without attributes.
func (s *store) create(now time.Time) *profile {
	p := &profile{id: fmt.Sprintf("01FAKEPROFILE%013d", len(s.byID)+1), attributes: map[string]any{}, created: now}
	s.byID[p.id] = p

	return p
}

// write merges attributes into a profile: null clears, absent leaves, and the keys of location and properties are merged
// one by one.
func (s *store) write(p *profile, attributes map[string]any, now time.Time) {
	for _, field := range identifierFields() {
		if id, ok := identifierOf(p.attributes, field); ok {
			delete(s.byIdentifier, id)
		}
	}

	p.attributes = merged(p.attributes, attributes)
	p.imports++
	p.updated = now

	for _, field := range identifierFields() {
		if id, ok := identifierOf(p.attributes, field); ok {
			s.byIdentifier[id] = p
		}
	}
}

// merged leaves old as it is, for it may have been given out.
func merged(old, news map[string]any) map[string]any {
	all := make(map[string]any, len(old)+len(news))
	maps.Copy(all, old)

	for name, value := range news {
		switch value := value.(type) {
		case nil:
			delete(all, name)
		case map[string]any:
			before, _ := all[name].(map[string]any)
			all[name] = merged(before, value)
		default:
			all[name] = value
		}
	}

	return all
}
