package klaviyotest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// maxProfile is Klaviyo's 100 KB for one profile.
const maxProfile = 100_000

func (s *Server) profileRoutes() {
	s.handle("/api/profiles", map[string]operation{
		http.MethodPost: {name: "create_profile", maxBody: maxProfile, answer: s.createProfile},
		http.MethodGet:  {name: "get_profiles", answer: s.getProfiles},
	})
	s.handle("/api/profiles/{id}", map[string]operation{
		http.MethodPatch: {name: "update_profile", maxBody: maxProfile, answer: s.updateProfile},
	})
	s.handle("/api/profile-import", map[string]operation{
		http.MethodPost: {name: "create_or_update_profile", maxBody: maxProfile, answer: s.upsertProfile},
	})
}

// profileDocument is what is sent about one profile.
type profileDocument struct {
	Data struct {
		Type       string         `json:"type"`
		ID         string         `json:"id"`
		Attributes map[string]any `json:"attributes"`
	} `json:"data"`
}

// decodeProfile reads and looks over a profile.
func decodeProfile(body []byte) (d profileDocument, wrong []fault) {
	if err := json.Unmarshal(body, &d); err != nil {
		return d, []fault{{"The payload is not valid.", "/data"}}
	}

	if d.Data.Type != "profile" || d.Data.Attributes == nil {
		return d, []fault{{"A resource of type profile with attributes was expected.", "/data"}}
	}

	return d, faultsOf(d.Data.Attributes, "/data")
}

func (s *Server) createProfile(_ *http.Request, body []byte) answer {
	d, wrong := decodeProfile(body)
	if wrong != nil {
		return invalids(wrong)
	}

	if !identified(d.Data.Attributes) {
		return invalid("One or more identifiers is required", "/data/attributes")
	}

	now := time.Now()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)

	if owners := s.profiles.owners(d.Data.Attributes); len(owners) > 0 {
		return conflict(owners[0].id())
	}

	return s.writeProfile(http.StatusCreated, s.profiles.create(now), d.Data.Attributes, now)
}

func (s *Server) updateProfile(r *http.Request, body []byte) answer {
	id := r.PathValue("id")

	d, wrong := decodeProfile(body)
	if wrong == nil && d.Data.ID != id {
		wrong = []fault{{"The id is not the one of the path.", "/data/id"}}
	}

	if wrong != nil {
		return invalids(wrong)
	}

	now := time.Now()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)

	return s.changeProfile(id, d.Data.Attributes, now)
}

// upsertProfile takes a profile's id, too, instead of an identifier.
func (s *Server) upsertProfile(_ *http.Request, body []byte) answer {
	d, wrong := decodeProfile(body)
	if wrong != nil {
		return invalids(wrong)
	}

	now := time.Now()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)

	if id := d.Data.ID; id != "" {
		return s.changeProfile(id, d.Data.Attributes, now)
	}

	p, clash := s.profiles.match(d.Data.Attributes)

	switch {
	case clash:
		return conflict(p.id())
	case p != nil:
		return s.writeProfile(http.StatusOK, p, d.Data.Attributes, now)
	case !identified(d.Data.Attributes):
		return invalid("One or more identifiers is required", "/data/attributes")
	}

	return s.writeProfile(http.StatusCreated, s.profiles.create(now), d.Data.Attributes, now)
}

// changeProfile writes to the profile with this id.
func (s *Server) changeProfile(id string, attributes map[string]any, now time.Time) answer {
	p := s.profiles.withID(id)
	if p == nil {
		return notFound("profile", id)
	}

	for _, owner := range s.profiles.owners(attributes) {
		if owner != p {
			return conflict(owner.id())
		}
	}

	return s.writeProfile(http.StatusOK, p, attributes, now)
}

// writeProfile refuses to clear the last identifier.
func (s *Server) writeProfile(status int, p *profile, attributes map[string]any, now time.Time) answer {
	if !identified(merged(p.attributes(), attributes)) {
		return invalid("One or more identifiers is required", "/data/attributes")
	}

	s.profiles.write(p, attributes, now)

	return one(status, "profile", p.id(), "/api/profiles/"+p.id(), p.answered())
}

// answered are the attributes that Klaviyo answers with.
func (p *profile) answered() map[string]any {
	attributes := p.attributes()
	attributes["created"] = timestamp(p.created)
	attributes["updated"] = timestamp(p.updated)

	return attributes
}

func (s *Server) getProfiles(r *http.Request, _ []byte) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(time.Now())

	var found []*profile

	if expression := r.URL.Query().Get("filter"); expression == "" {
		found = slices.Collect(s.profiles.living())
	} else {
		f, err := parseFilter(expression)
		if err != nil {
			return invalid("Invalid filter provided", "/data")
		}

		found = s.profiles.find(f)
	}

	return page(r.URL, defaultPage, found, func(p *profile) resource {
		return resource{
			Type: "profile", ID: p.id(), Attributes: p.answered(), Links: &links{Self: publicURL + "/api/profiles/" + p.id()},
		}
	})
}
