package klaviyotest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
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

	all := make([]Profile, 0, len(s.profiles.all))
	for p := range s.profiles.living() {
		all = append(all, Profile{ID: p.id(), Attributes: p.attributes(), Imports: p.imports})
	}

	slices.SortFunc(all, func(a, b Profile) int {
		return cmp.Or(strings.Compare(text(a.Attributes, "external_id"), text(b.Attributes, "external_id")), strings.Compare(a.ID, b.ID))
	})

	return all
}

// profile takes little memory, and few pieces of it, for there may be a million.
type profile struct {
	// number is its place among all, from 1.
	number int
	// data are the attributes as JSON.
	data string
	// identifiers are those of the attributes by rank; the value of one that is missing is "".
	identifiers      [3]identifier
	imports          int
	created, updated time.Time
}

const idForm = "01FAKEPROFILE%013d"

func (p *profile) id() string { return fmt.Sprintf(idForm, p.number) }

func (p *profile) attributes() map[string]any {
	var attributes map[string]any

	_ = json.Unmarshal([]byte(p.data), &attributes) // it was encoded here

	return attributes
}

// identifierFields are the identifiers by rank.
func identifierFields() [3]string { return [3]string{"external_id", "email", "phone_number"} }

// identifier is a value that one profile at the most has.
type identifier struct{ field, value string }

// identifierOf reads an identifier of some attributes; ok is false when they have none. Email addresses
// compare without case.
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

// profileStore keeps the profiles, and finds them by what identifies them.
type profileStore struct {
	// all are the profiles by their numbers; one that was erased is nil.
	all          []*profile
	byIdentifier map[identifier]*profile
}

func newProfileStore() *profileStore {
	return &profileStore{byIdentifier: map[identifier]*profile{}}
}

// owners are the profiles that have one of the identifiers, by rank, each once.
func (s *profileStore) owners(attributes map[string]any) []*profile {
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
func (s *profileStore) match(attributes map[string]any) (p *profile, clash bool) {
	owners := s.owners(attributes)
	if len(owners) == 0 {
		return nil, false
	}

	// Of several the one of the lowest rank: Klaviyo's own choice is not documented.
	p = owners[len(owners)-1]

	return p, len(owners) > 1 || s.sharesOnlyPhone(p, attributes)
}

// sharesOnlyPhone tells whether better identifiers than the phone number stand on both sides, and none of them agrees.
func (s *profileStore) sharesOnlyPhone(p *profile, attributes map[string]any) bool {
	given := false

	for _, field := range []string{"external_id", "email"} {
		if id, ok := identifierOf(attributes, field); ok {
			given = true

			if s.byIdentifier[id] == p {
				return false
			}
		}
	}

	return given && (p.identifiers[0].value != "" || p.identifiers[1].value != "")
}

// create adds a profile without attributes.
func (s *profileStore) create(now time.Time) *profile {
	p := &profile{number: len(s.all) + 1, created: now}
	s.all = append(s.all, p)

	return p
}

// living are the profiles that were not erased, in the order of their ids.
func (s *profileStore) living() iter.Seq[*profile] {
	return func(yield func(*profile) bool) {
		for _, p := range s.all {
			if p != nil && !yield(p) {
				return
			}
		}
	}
}

// withID finds a profile by its id; nil is none.
func (s *profileStore) withID(id string) *profile {
	var number int
	if _, err := fmt.Sscanf(id, idForm, &number); err != nil || number < 1 || number > len(s.all) {
		return nil
	}

	if p := s.all[number-1]; p != nil && p.id() == id {
		return p
	}

	return nil
}

// write merges attributes into a profile: null clears, absent leaves, and the keys of location and properties are merged
// one by one.
func (s *profileStore) write(p *profile, attributes map[string]any, now time.Time) {
	var old map[string]any
	if p.data != "" {
		old = p.attributes()
	}

	for _, id := range p.identifiers {
		delete(s.byIdentifier, id)
	}

	p.keep(merged(old, attributes))
	p.imports++
	p.updated = now

	for _, id := range p.identifiers {
		if id.value != "" {
			s.byIdentifier[id] = p
		}
	}
}

// keep replaces the attributes. The values of the identifiers are parts of one text with the JSON.
func (p *profile) keep(attributes map[string]any) {
	data, _ := json.Marshal(attributes) //nolint:errchkjson // it was JSON before
	length := len(data)

	for rank, field := range identifierFields() {
		p.identifiers[rank], _ = identifierOf(attributes, field)
		data = append(data, p.identifiers[rank].value...)
	}

	p.data = string(data)
	rest := p.data[length:]
	p.data = p.data[:length]

	for rank := range p.identifiers {
		n := len(p.identifiers[rank].value)
		p.identifiers[rank].value, rest = rest[:n], rest[n:]
	}
}

// merged changes neither.
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
