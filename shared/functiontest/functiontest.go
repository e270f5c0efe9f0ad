// Package functiontest runs a realtime function between a commercetools and a Klaviyo, both over HTTP, for the tests of the
// functions: a test delivers messages as Pub/Sub does, looks at the answer, and then at what the fakes have.
package functiontest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest/contract"
	"github.com/ctklaviyo/connector/shared/loggingtest"
	"github.com/ctklaviyo/connector/shared/settings"
)

const (
	project = "demo"
	key     = "pk_test"
)

// Function is what is tested.
type Function struct {
	// Name is the one it is registered with.
	Name string
	// New makes its handler.
	New func(*commercetools.Client, *klaviyo.Client, settings.Config) delivery.Handle
}

// Options are what a test changes about a shop.
type Options struct {
	// Config is CONFIG_JSON.
	Config string
	// AtCommercetools and AtKlaviyo let requests fail.
	AtCommercetools, AtKlaviyo func(*http.Request) faulttest.Fault
	ParkingFails               bool
	// InMemory does without a network, for a bubble of testing/synctest, where waiting takes no time.
	InMemory bool
	// Checked holds every request to Klaviyo against its OpenAPI descriptions, which takes a while.
	Checked bool
}

// Shop is a function between the two fakes.
type Shop struct {
	Commercetools *commercetoolstest.Server
	Klaviyo       *klaviyotest.Server
	// Client writes to Klaviyo past the faults, to have something there beforehand.
	Client *klaviyo.Client

	function      Function
	options       Options
	commercetools commercetools.Config
	klaviyo       klaviyo.Config
	handler       http.HandlerFunc

	read io.Writer // for what a log could hold as well

	mu       sync.Mutex
	log      bytes.Buffer
	parked   []delivery.Parked
	requests []string
}

// Open starts a function in a shop with nothing in it. Neither what it logs nor what it says of a parked message may hold
// personal data or a secret.
func Open(t *testing.T, f Function, o Options) *Shop {
	t.Helper()

	s := &Shop{
		Commercetools: commercetoolstest.NewServer(project),
		Klaviyo:       klaviyotest.New(klaviyotest.Options{Key: key}),
		function:      f,
		options:       o,
		read:          loggingtest.Writer(t),
	}
	s.Client = klaviyo.New(KlaviyoConfig(Memory("http://klaviyo.example", s.Klaviyo)))
	s.commercetools = CommercetoolsConfig(s.serve(t, s.Commercetools, o.AtCommercetools))
	s.klaviyo = KlaviyoConfig(s.serve(t, s.Klaviyo, o.AtKlaviyo))

	if o.Checked {
		s.klaviyo.Transport = contract.Transport(t, cmp.Or(s.klaviyo.Transport, http.DefaultTransport))
	}

	s.Restart(t)

	return s
}

// Restart goes on with another instance of the function.
func (s *Shop) Restart(t *testing.T) {
	t.Helper()

	s.handler = s.Instance(t)
}

// Instance starts another instance of the function, which knows nothing of the first.
func (s *Shop) Instance(t *testing.T) http.HandlerFunc {
	t.Helper()

	cfg, err := settings.File{JSON: s.options.Config}.Config()
	if err != nil {
		t.Fatal(err)
	}

	handle := s.function.New(commercetools.New(s.commercetools), klaviyo.New(s.klaviyo), cfg)
	log := loggingtest.New(t, writer(s.write))

	return delivery.NewHandler(s.function.Name, log, func() (delivery.Target, error) {
		return delivery.Target{Project: project, Handle: handle, Parker: parker(s.park)}, nil
	})
}

// Deliver delivers a payload as Pub/Sub does and returns the status of the answer.
func (s *Shop) Deliver(t *testing.T, payload string) int {
	t.Helper()

	return Deliver(t, s.handler, payload)
}

// Deliver delivers a payload to any handler.
func Deliver(t *testing.T, handler http.HandlerFunc, payload string) int {
	t.Helper()

	w := httptest.NewRecorder()
	handler(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(Push(t, payload))))

	return w.Code
}

// LastLine is what was logged last.
func (s *Shop) LastLine(t *testing.T) map[string]any {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()

	lines := bytes.Split(bytes.TrimSpace(s.log.Bytes()), []byte("\n"))

	var line map[string]any
	if err := json.Unmarshal(lines[len(lines)-1], &line); err != nil {
		t.Fatal(err)
	}

	return line
}

// Parked is what was parked so far.
func (s *Shop) Parked() []delivery.Parked {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.parked
}

// Requests are those since the last call, without those for tokens: "GET /demo/categories/…", "PATCH /api/…".
func (s *Shop) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()

	requests := s.requests
	s.requests = nil

	return requests
}

// serve serves h with the faults, and returns its address and what leads there; nil is the network.
func (s *Shop) serve(t *testing.T, h http.Handler, fault func(*http.Request) faulttest.Fault) (string, http.RoundTripper) {
	t.Helper()

	if fault != nil {
		h = faulttest.Wrap(h, fault)
	}

	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/oauth/token" {
			s.mu.Lock()
			s.requests = append(s.requests, r.Method+" "+r.URL.Path)
			s.mu.Unlock()
		}

		h.ServeHTTP(w, r)
	})

	if s.options.InMemory {
		return Memory("http://memory.example", counted)
	}

	server := httptest.NewServer(counted)
	t.Cleanup(server.Close)

	return server.URL, nil
}

func (s *Shop) write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.log.Write(line) //nolint:wrapcheck // a buffer takes everything
}

func (s *Shop) park(p delivery.Parked) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.options.ParkingFails {
		return errors.New("no such topic")
	}

	s.parked = append(s.parked, p)

	return json.NewEncoder(s.read).Encode(p.Attributes)
}

type writer func([]byte) (int, error)

// Write implements io.Writer.
func (w writer) Write(line []byte) (int, error) { return w(line) }

type parker func(delivery.Parked) error

// Park implements delivery.Parker.
func (p parker) Park(_ context.Context, parked delivery.Parked) error { return p(parked) }
