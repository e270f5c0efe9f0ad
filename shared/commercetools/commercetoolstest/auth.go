package commercetoolstest

import (
	"cmp"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
)

// ClientID and ClientSecret are the API client that the server knows.
const (
	ClientID     = "demo-client"
	ClientSecret = "demo-secret"
)

// validity is a token's life in seconds: 48 hours, as commercetools' default.
const validity = 172_800

// grant is the token endpoint. It grants one token for everything, and another to those who ask for scopes that don't
// allow to manage subscriptions; a restarted server has others.
func (s *Server) grant(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok || !same(id, ClientID) || !same(secret, ClientSecret) {
		s.refuse(w, r, http.StatusUnauthorized, "invalid_client",
			"Please provide valid client credentials using HTTP Basic Authentication.")

		return
	}

	if r.FormValue("grant_type") != "client_credentials" {
		s.refuse(w, r, http.StatusBadRequest, "unsupported_grant_type", "Only client_credentials is served here.")

		return
	}

	token, scope := s.token, cmp.Or(r.FormValue("scope"), "manage_project:"+s.project)
	if !strings.Contains(scope, "manage_project:") && !strings.Contains(scope, "manage_subscriptions:") {
		token = s.viewer
	}

	body, err := json.Marshal(map[string]any{
		"access_token": token,
		"token_type":   "Bearer",
		"expires_in":   validity,
		"scope":        scope,
	})
	if err != nil {
		panic(err)
	}

	s.answer(w, r, http.StatusOK, body)
}

// authorized asks for the token, and then for the right project and an endpoint that exists.
func (s *Server) authorized(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, endpoint := r.Header.Get("Authorization"), cmp.Or(r.PathValue("endpoint"), subscriptions)

		switch {
		case !same(token, "Bearer "+s.token) && !same(token, "Bearer "+s.viewer):
			s.refuse(w, r, http.StatusUnauthorized, "invalid_token", "invalid_token")
		case r.PathValue("project") != s.project || !s.store.has(endpoint):
			s.refuse(w, r, http.StatusNotFound, "ResourceNotFound", "URI not found: "+r.URL.Path)
		default:
			next(w, r)
		}
	})
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
