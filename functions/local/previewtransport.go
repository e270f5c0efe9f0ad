package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// recorder is Klaviyo's side of a preview: it keeps the requests, and answers as an account does that has none of it yet. It
// is a transport without a network, so that nothing can be sent.
type recorder struct {
	mu       sync.Mutex
	requests []recorded
}

// recorded is a request that Klaviyo would get.
type recorded struct {
	method string
	// target is the path with the query.
	target string
	body   []byte
	// absent says that the answer was 404.
	absent bool
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	one := recorded{method: req.Method, target: req.URL.RequestURI()}

	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, fmt.Errorf("read a request: %w", err)
		}

		one.body = body

		if err := req.Body.Close(); err != nil {
			return nil, fmt.Errorf("read a request: %w", err)
		}
	}

	status, answer := http.StatusOK, `{"data":[],"links":{}}`

	switch req.Method {
	case http.MethodGet:
	case http.MethodPost:
		status, answer = http.StatusAccepted, `{"data":{"id":"preview"}}` // as events, whose status is all the answer
	default:
		status, answer = http.StatusNotFound, `{"errors":[{"code":"not_found"}]}`
		one.absent = true
	}

	r.mu.Lock()
	defer r.mu.Unlock()

	r.requests = append(r.requests, one)

	return answered(req, status, answer), nil
}

// take returns the requests so far, and forgets them. Those that are sent at the same time come in an order of their own:
// events by time, then all by what is in them.
func (r *recorder) take() []recorded {
	r.mu.Lock()
	defer r.mu.Unlock()

	all := r.requests
	r.requests = nil

	for rest := all; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(r recorded) bool { return !r.alike(rest[0]) })
		if n < 0 {
			n = len(rest)
		}

		slices.SortFunc(rest[:n], func(a, b recorded) int {
			return cmp.Or(strings.Compare(a.time(), b.time()), bytes.Compare(a.body, b.body))
		})

		rest = rest[n:]
	}

	return all
}

func (r recorded) alike(other recorded) bool {
	return r.method == other.method && r.target == other.target
}

// time is an event's; "" of all else.
func (r recorded) time() string {
	var sent struct {
		Data struct {
			Attributes struct {
				Time string `json:"time"`
			} `json:"attributes"`
		} `json:"data"`
	}

	_ = json.Unmarshal(r.body, &sent) // what has no time has none

	return sent.Data.Attributes.Time
}

// write writes the request: the endpoint, and below it the JSON that is sent. Only white space is put in, and escapes that
// JSON doesn't ask for are taken out.
func (r recorded) write(out io.Writer) error {
	fmt.Fprintln(out, r.method, r.target)

	if len(r.body) > 0 {
		var text bytes.Buffer

		if err := json.Indent(&text, r.body, "", "  "); err != nil {
			return fmt.Errorf("%s %s: %w", r.method, r.target, err)
		}

		// The first pair keeps an escaped backslash together.
		fmt.Fprintln(out, strings.NewReplacer(`\\`, `\\`, `\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(text.String()))
	}

	if r.absent {
		fmt.Fprintln(out, "# answered with 404: Klaviyo has none yet")
	}

	fmt.Fprintln(out)

	return nil
}

// inPlace is commercetools' side of a preview of a file: it answers for one resource, and leaves all else to commercetools.
type inPlace struct {
	next http.RoundTripper
	// path is the resource type's, below the host.
	path     string
	id       string
	resource json.RawMessage
}

// RoundTrip implements http.RoundTripper. What asks for many resources of the type looks for this one, by its payment say.
func (p inPlace) RoundTrip(req *http.Request) (*http.Response, error) {
	switch req.URL.Path {
	case p.path + "/" + p.id:
		return answered(req, http.StatusOK, string(p.resource)), nil
	case p.path:
		return answered(req, http.StatusOK, `{"count":1,"results":[`+string(p.resource)+`]}`), nil
	default:
		return p.next.RoundTrip(req) //nolint:wrapcheck // the client names the operation
	}
}

func newInPlace(next http.RoundTripper, apiURL, project, endpoint, id string, resource json.RawMessage) (inPlace, error) {
	base, err := url.Parse(apiURL)
	if err != nil {
		return inPlace{}, fmt.Errorf("CT_API_URL: %w", err)
	}

	return inPlace{next: next, path: base.Path + "/" + project + "/" + endpoint, id: id, resource: resource}, nil
}

func answered(req *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(strings.NewReader(body)),
		Request:    req,
	}
}
