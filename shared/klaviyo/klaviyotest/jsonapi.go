package klaviyotest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// publicURL stands in links, as Klaviyo's own address does, wherever the fake is reached.
const publicURL = "https://a.klaviyo.com"

// answer is a status and what is sent with it as JSON; nil is nothing.
type answer struct {
	status   int
	document any
}

// document is the envelope of resources.
type document struct {
	Data     any        `json:"data"`
	Included []resource `json:"included,omitempty"`
	Links    links      `json:"links"`
}

type resource struct {
	Type          string `json:"type"`
	ID            string `json:"id"`
	Attributes    any    `json:"attributes,omitempty"`
	Relationships any    `json:"relationships,omitempty"`
	Links         *links `json:"links,omitempty"`
}

type links struct {
	Self string `json:"self"`
	Next string `json:"next,omitempty"`
}

type errorDocument struct {
	Errors []apiError `json:"errors"`
}

type apiError struct {
	ID     string         `json:"id"`
	Status int            `json:"status"`
	Code   string         `json:"code"`
	Title  string         `json:"title"`
	Detail string         `json:"detail"`
	Source source         `json:"source"`
	Links  map[string]any `json:"links"`
	Meta   map[string]any `json:"meta"`
}

type source struct {
	Pointer string `json:"pointer"`
}

func one(status int, kind, id, path string, attributes any) answer {
	self := links{Self: publicURL + path}

	return answer{status: status, document: document{
		Data: resource{Type: kind, ID: id, Attributes: attributes, Links: &self}, Links: self,
	}}
}

// fault is one thing that is wrong with a request.
type fault struct {
	detail, pointer string
}

// problem is an answer with one error about the request as a whole.
func problem(status int, code, title, detail string) answer {
	return problemAt(status, code, title, fault{detail, "/data"})
}

func problemAt(status int, code, title string, f fault) answer {
	return answer{status: status, document: errorDocument{[]apiError{{
		Status: status, Code: code, Title: title, Detail: f.detail, Source: source{f.pointer},
	}}}}
}

func invalid(detail, pointer string) answer { return invalids([]fault{{detail, pointer}}) }

func invalids(faults []fault) answer {
	all := make([]apiError, len(faults))
	for i, f := range faults {
		all[i] = apiError{
			Status: http.StatusBadRequest, Code: "invalid", Title: "Invalid input.", Detail: f.detail, Source: source{f.pointer},
		}
	}

	return answer{status: http.StatusBadRequest, document: errorDocument{all}}
}

// conflict is the 409 as seen from Klaviyo (klaviyo/klaviyo-api-node#75).
func conflict(owner string) answer {
	return answer{status: http.StatusConflict, document: errorDocument{[]apiError{{
		Status: http.StatusConflict, Code: "duplicate_profile", Title: "Conflict.",
		Detail: "A profile already exists with one of these identifiers.", Source: source{"/data/attributes"},
		Meta: map[string]any{"duplicate_profile_id": owner},
	}}}}
}

// throttled is the 429 as seen from Klaviyo (klaviyo/klaviyo-api-node#66).
func throttled(seconds string) answer {
	return problem(http.StatusTooManyRequests, "throttled", "Request was throttled.",
		"Request was throttled. Expected available in "+seconds+" second.")
}

func notFound(kind, id string) answer { return notFoundAt(kind, id, "/data") }

func notFoundAt(kind, id, pointer string) answer {
	return problemAt(http.StatusNotFound, "not_found", "Not found.", fault{"A " + kind + " with id " + id + " does not exist.", pointer})
}

// write sends an answer. Every error gets an id and empty objects, as Klaviyo's have.
func (s *Server) write(w http.ResponseWriter, a answer) {
	if d, ok := a.document.(errorDocument); ok {
		for i := range d.Errors {
			e := &d.Errors[i]
			e.ID = fmt.Sprintf("00000000-0000-4000-8000-%06d%06d", s.requests.Load(), i)
			e.Links = map[string]any{}

			if e.Meta == nil {
				e.Meta = map[string]any{}
			}
		}
	}

	if a.document == nil {
		w.WriteHeader(a.status)

		return
	}

	w.Header().Set("Content-Type", mediaType)

	data, err := json.Marshal(a.document)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)

		return
	}

	w.WriteHeader(a.status)
	_, _ = w.Write(data)
}

// selfLink is the address of what was asked for.
func selfLink(u *url.URL) string { return publicURL + u.RequestURI() }

// timestamp is a time as Klaviyo writes it.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000+00:00") }
