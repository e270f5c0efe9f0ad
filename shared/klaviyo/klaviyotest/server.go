// Package klaviyotest is a small Klaviyo in memory: an [http.Handler] that keeps state and answers as Klaviyo does, for
// tests, the demo shop and benchmarks.
//
// It checks what Klaviyo checks (the key, the revision, sizes, identifiers), matches profiles by their identifiers, runs
// bulk jobs that take their time, records each event once, has a catalog, and keeps the published rate limits if asked
// to. What it makes up where Klaviyo documents nothing is said where it happens.
package klaviyotest

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

const mediaType = "application/vnd.api+json"

// maxRequest is Klaviyo's 5 MB for a catalog request, one event, or any bulk request.
const maxRequest = 5_000_000

// Options choose how the fake behaves.
type Options struct {
	// Key is the private API key that it accepts; "" accepts any.
	Key string
	// Limits makes it keep Klaviyo's published rate limits.
	Limits bool
	// JobTime is how long a bulk job takes: it is queued for the first half of it, then processing. With 0 a job is
	// complete when it is asked for.
	JobTime time.Duration
}

// Server is the fake. It is safe for concurrent use.
type Server struct {
	opts      Options
	mux       *http.ServeMux
	requests  atomic.Int64
	throttled atomic.Int64
	windows   *windows

	mu       sync.Mutex
	profiles *profileStore
	imports  map[string]*importJob
	events   *eventLog
	catalog  *catalog
	// started counts the jobs. pending are those that are still to be done, in the order of their arrival, and inProgress how
	// many of each kind.
	started    int
	pending    []*job
	inProgress map[string]int
}

// operation is what answers one method of one path. body is nil for a GET.
type operation struct {
	// name is the operation's in Klaviyo's OpenAPI description, which its rate limit goes by.
	name string
	// maxBody is the largest body in bytes; 0 for an operation without one.
	maxBody int
	answer  func(r *http.Request, body []byte) answer
}

// New returns a fake of an empty account.
func New(opts Options) *Server {
	s := &Server{
		opts:     opts,
		mux:      http.NewServeMux(),
		profiles: newProfileStore(),
		imports:  map[string]*importJob{},
		events:   newEventLog(),
		catalog:  newCatalog(),

		inProgress: map[string]int{},
		windows:    newWindows(klaviyo.PublishedLimits()),
	}

	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.write(w, problem(http.StatusNotFound, "not_found", "Not found.", "The path "+r.URL.Path+" does not exist."))
	})
	s.profileRoutes()
	s.importRoutes()
	s.erasureRoutes()
	s.eventRoutes()
	s.catalogRoutes()

	return s
}

// Requests is how many requests came in.
func (s *Server) Requests() int64 { return s.requests.Load() }

// Throttled is how many of them were answered with 429.
func (s *Server) Throttled() int64 { return s.throttled.Load() }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)

	if a, ok := s.refuse(r); ok {
		s.write(w, a)

		return
	}

	s.mux.ServeHTTP(w, r)
}

// refuse checks what every request needs.
func (s *Server) refuse(r *http.Request) (answer, bool) {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Klaviyo-API-Key ")
	if !ok || key == "" {
		return problem(http.StatusUnauthorized, "not_authenticated", "Authentication credentials were not provided.",
			"Missing or invalid authorization header."), true
	}

	if s.opts.Key != "" && key != s.opts.Key {
		return problem(http.StatusUnauthorized, "not_authenticated", "Incorrect authentication credentials.",
			"Incorrect authentication credentials."), true
	}

	if _, err := time.Parse(time.DateOnly, r.Header.Get("Revision")); err != nil {
		return problem(http.StatusBadRequest, "invalid", "Invalid input.", "A valid revision header is required."), true
	}

	return answer{}, false
}

// handle registers the methods of a path.
func (s *Server) handle(path string, methods map[string]operation) {
	s.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		op, ok := methods[r.Method]
		if !ok {
			w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(methods)), ", "))
			s.write(w, problem(http.StatusMethodNotAllowed, "method_not_allowed", "Method not allowed.",
				"Method "+r.Method+" is not allowed here."))

			return
		}

		if s.opts.Limits && !s.windows.admit(w, op.name) {
			s.throttled.Add(1)
			s.write(w, throttled(w.Header().Get("Retry-After")))

			return
		}

		s.write(w, op.run(r))
	})
}

// run reads the body and answers.
func (op operation) run(r *http.Request) answer {
	if op.maxBody == 0 {
		return op.answer(r, nil)
	}

	switch media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media {
	case mediaType, "application/json":
	default:
		return problem(http.StatusUnsupportedMediaType, "unsupported_media_type", "Unsupported media type.",
			"Send "+mediaType+".")
	}

	body, err := read(r, op.maxBody)

	switch {
	case errors.Is(err, errTooLarge):
		return problem(http.StatusRequestEntityTooLarge, "request_entity_too_large", "Payload too large.",
			"The payload is larger than allowed.")
	case err != nil:
		return invalid("The payload can't be read.", "/data")
	}

	return op.answer(r, body)
}

var errTooLarge = errors.New("too large")

func read(r *http.Request, most int) ([]byte, error) {
	if r.ContentLength > int64(most) {
		return nil, errTooLarge
	}

	var body bytes.Buffer

	body.Grow(int(max(r.ContentLength, 0)) + bytes.MinRead) // so that a whole body does not make it grow

	if _, err := body.ReadFrom(io.LimitReader(r.Body, int64(most)+1)); err != nil {
		return nil, err //nolint:wrapcheck // it ends as a 400
	}

	if body.Len() > most {
		return nil, errTooLarge
	}

	return body.Bytes(), nil
}
