// Package commercetoolstest is a small commercetools for tests and for the demo shop: an http.Handler that keeps resources
// in memory and answers as the HTTP API does where this project looks: tokens, single resources, queries with predicates,
// sorting, keyset and offset paging, totals and reference expansion, and errors in commercetools' JSON. Subscriptions can be
// created, updated and deleted, too.
//
// [NewShop] generates a shop of any size, whose resources are made when they are asked for. What the server doesn't know it
// refuses with 400, and never passes over in silence.
package commercetoolstest

import (
	"compress/gzip"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// Server is one project. It is safe for concurrent use.
type Server struct {
	routes   *http.ServeMux
	project  string
	token    string // for everything
	viewer   string // for reading resources
	store    store
	writing  sync.Mutex // held while a subscription is changed
	requests atomic.Int64
	zippers  sync.Pool
}

// NewServer returns a project without resources. It is mounted where the API is: under a prefix with http.StripPrefix.
func NewServer(projectKey string) *Server {
	s := &Server{
		routes:  http.NewServeMux(),
		project: projectKey,
		token:   rand.Text(),
		viewer:  rand.Text(),
		zippers: sync.Pool{New: func() any {
			zipper, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
			if err != nil {
				panic(err)
			}

			return zipper
		}},
	}

	s.routes.HandleFunc("POST /oauth/token", s.grant)
	s.routes.Handle("GET /{project}/{endpoint}", s.authorized(s.query))
	s.routes.Handle("GET /{project}/{endpoint}/{id}", s.authorized(s.get))

	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /{project}/subscriptions":         s.querySubscriptions,
		"POST /{project}/subscriptions":        s.createSubscription,
		"GET /{project}/subscriptions/{id}":    s.getSubscription,
		"POST /{project}/subscriptions/{id}":   s.updateSubscription,
		"DELETE /{project}/subscriptions/{id}": s.deleteSubscription,
	} {
		s.routes.Handle(pattern, s.authorized(s.managing(handle)))
	}

	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)

	// The real one's limit lies between 8,000 and 11,000 characters of URL; its gateway answers in HTML.
	if len(r.URL.RequestURI()) > 8000 {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusRequestURITooLong)
		_, _ = io.WriteString(w, "<html><head><title>414 Request-URI Too Large</title></head></html>")

		return
	}

	s.routes.ServeHTTP(w, r)
}

// Requests is how many requests came in so far, those for tokens included.
func (s *Server) Requests() int64 { return s.requests.Load() }

// Put adds resources, or replaces those that have the same id. It panics when one is not a JSON object with an id.
func (s *Server) Put(endpoint string, resources ...json.RawMessage) { s.store.put(endpoint, resources) }

// Fill gives the server all resources of a generated shop, in the place of those it had of their types.
func (s *Server) Fill(shop *Shop) {
	for endpoint, made := range shop.endpoints {
		s.store.generate(endpoint, made)
	}
}

// Delete removes a resource, if there is one with this id.
func (s *Server) Delete(endpoint, id string) { s.store.remove(endpoint, id) }

func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	endpoint, id := r.PathValue("endpoint"), r.PathValue("id")

	paths, published, parameter, err := parseView(endpoint, r.URL.Query())
	if err != nil {
		s.refuseInput(w, r, parameter, err)

		return
	}

	found := s.store.view(endpoint).get(id)
	if found == nil || published && found.lived().hidden {
		s.refuseUnknown(w, r, id)

		return
	}

	s.answer(w, r, http.StatusOK, s.expand(found.text(), paths))
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	s.queryOf(w, r, r.PathValue("endpoint"))
}

func (s *Server) queryOf(w http.ResponseWriter, r *http.Request, endpoint string) {
	q, parameter, err := parseQuery(endpoint, r.URL.Query())
	if err != nil {
		s.refuseInput(w, r, parameter, err)

		return
	}

	found, total := q.run(s.store.view(endpoint))
	s.answerPage(w, r, q, found, total)
}
