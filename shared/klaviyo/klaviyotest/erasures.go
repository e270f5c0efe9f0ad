package klaviyotest

import (
	"encoding/json"
	"maps"
	"net/http"
	"time"
)

const erasureKind = "data-privacy-deletion-job"

func (s *Server) erasureRoutes() {
	s.handle(jobsPath(erasureKind), map[string]operation{
		http.MethodPost: {name: "request_profile_deletion", maxBody: maxProfile, answer: s.startErasure},
	})
}

// startErasure takes an id, an email address or a phone number, and not two of them. That it also accepts one that nobody
// has, and takes as long as other jobs, is made up.
func (s *Server) startErasure(_ *http.Request, body []byte) answer {
	whose, ok := decodeErasure(body)
	if !ok {
		return invalid("Exactly one of id, email and phone_number was expected.", "/data/attributes/profile/data")
	}

	now := time.Now()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)

	s.start(&job{kind: erasureKind}, 1, now, func() {
		for _, p := range s.profiles.find(whose) {
			s.erase(p)
		}
	})

	return answer{status: http.StatusAccepted}
}

func decodeErasure(body []byte) (whose filter, ok bool) {
	var d struct {
		Data struct {
			Type       string `json:"type"`
			Attributes struct {
				Profile struct {
					Data struct {
						Type       string            `json:"type"`
						ID         string            `json:"id"`
						Attributes map[string]string `json:"attributes"`
					} `json:"data"`
				} `json:"profile"`
			} `json:"attributes"`
		} `json:"data"`
	}

	if json.Unmarshal(body, &d) != nil {
		return filter{}, false
	}

	given := d.Data.Attributes.Profile.Data
	by := map[string]string{"id": given.ID, "email": given.Attributes["email"], "phone_number": given.Attributes["phone_number"]}
	maps.DeleteFunc(by, func(_, value string) bool { return value == "" })

	for field, value := range by {
		whose = filter{field: field, values: []string{value}}
	}

	return whose, d.Data.Type == erasureKind && given.Type == "profile" && given.Attributes != nil && len(by) == 1
}

// erase takes a profile out, with its events.
func (s *Server) erase(p *profile) {
	maps.DeleteFunc(s.events.byKey, func(key eventKey, _ *recordedEvent) bool { return key.profile == p })
	maps.DeleteFunc(s.profiles.byIdentifier, func(_ identifier, owner *profile) bool { return owner == p })
	s.profiles.all[p.number-1] = nil
}
