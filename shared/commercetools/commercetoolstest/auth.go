package commercetoolstest

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
)

// ClientID and ClientSecret are the API client that the server knows.
const (
	ClientID     = "demo-client"
	ClientSecret = "demo-secret"
)

// validity is a token's life in seconds: 48 hours, as commercetools' default.
const validity = 172_800

// grant is the token endpoint. All tokens are the same one; a restarted server has another.
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

	body, err := json.Marshal(map[string]any{
		"access_token": s.token,
		"token_type":   "Bearer",
		"expires_in":   validity,
		"scope":        "manage_project:" + s.project,
	})
	if err != nil {
		panic(err)
	}

	s.answer(w, r, http.StatusOK, body)
}

// authorized asks for the token, and then for the right project and an endpoint that exists.
func (s *Server) authorized(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !same(r.Header.Get("Authorization"), "Bearer "+s.token):
			s.refuse(w, r, http.StatusUnauthorized, "invalid_token", "invalid_token")
		case r.PathValue("project") != s.project || !s.store.has(r.PathValue("endpoint")):
			s.refuse(w, r, http.StatusNotFound, "ResourceNotFound", "URI not found: "+r.URL.Path)
		default:
			next(w, r)
		}
	})
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
