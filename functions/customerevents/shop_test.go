package customerevents

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest/contract"
	"github.com/ctklaviyo/connector/shared/settings"
)

const (
	project = "demo"
	key     = "pk_test"
	id      = "043cf898-d6f7-4572-b0c9-7e65a577069e"
	email   = "ann@example.org"
	phone   = "+4915123456789"
)

// options are what a test changes about a shop.
type options struct {
	config string // CONFIG_JSON
	// atCommercetools and atKlaviyo let requests fail.
	atCommercetools, atKlaviyo func(*http.Request) faulttest.Fault
	parkingFails               bool
	// checked holds every request to Klaviyo against its OpenAPI descriptions, which takes a while.
	checked bool
}

// shop is the function between a commercetools and a Klaviyo, over HTTP.
type shop struct {
	ct      *commercetoolstest.Server
	kl      *klaviyotest.Server
	parker  *parker
	log     *bytes.Buffer
	handler http.HandlerFunc
	klaviyo *klaviyo.Client // the handler's, to have profiles in Klaviyo beforehand

	environment map[string]string
	checked     bool
}

func open(t *testing.T, o options) *shop {
	t.Helper()

	s := &shop{
		ct:     commercetoolstest.NewServer(project),
		kl:     klaviyotest.New(klaviyotest.Options{Key: key}),
		parker: &parker{fails: o.parkingFails},
		log:    &bytes.Buffer{},

		checked: o.checked,
	}
	s.environment = variables(serve(t, s.ct, o.atCommercetools), serve(t, s.kl, o.atKlaviyo), o.config)
	s.start(t)

	t.Cleanup(func() {
		for _, personal := range []string{"@", "+49", "Arbor"} {
			if strings.Contains(s.log.String(), personal) {
				t.Errorf("the log holds personal data:\n%s", s.log)
			}
		}
	})

	return s
}

// start starts an instance of the function, the first or another one.
func (s *shop) start(t *testing.T) {
	t.Helper()

	env, err := settings.Load[environment](t.Context(), envconfig.MapLookuper(s.environment))
	if err != nil {
		t.Fatal(err)
	}

	cfg, err := env.Config()
	if err != nil {
		t.Fatal(err)
	}

	clientConfig := env.Klaviyo.Client()
	if s.checked {
		clientConfig.Transport = contract.Transport(t, http.DefaultTransport)
	}

	clientConfig.Limits = map[string]klaviyo.Limit{}
	s.klaviyo = klaviyo.New(clientConfig)
	handle := New(commercetools.New(env.Commercetools.Client()), s.klaviyo, cfg)

	s.handler = delivery.NewHandler(name, slog.New(slog.NewJSONHandler(s.log, nil)), func() (delivery.Target, error) {
		return delivery.Target{Handle: handle, Parker: s.parker}, nil
	})
}

// serve serves h with the faults, and returns its address.
func serve(t *testing.T, h http.Handler, fault func(*http.Request) faulttest.Fault) string {
	t.Helper()

	if fault != nil {
		h = faulttest.Wrap(h, fault)
	}

	server := httptest.NewServer(h)
	t.Cleanup(server.Close)

	return server.URL
}

func variables(commercetoolsURL, klaviyoURL, config string) map[string]string {
	return map[string]string{
		"CT_API_URL":       commercetoolsURL,
		"CT_AUTH_URL":      commercetoolsURL,
		"CT_PROJECT_ID":    project,
		"CT_API_CLIENT":    `{"clientId":"` + commercetoolstest.ClientID + `","secret":"` + commercetoolstest.ClientSecret + `"}`,
		"KLAVIYO_AUTH_KEY": key,
		"KLAVIYO_API_URL":  klaviyoURL,
		"CONFIG_JSON":      config,
	}
}

// deliver delivers a payload as Pub/Sub does and returns the status of the answer.
func (s *shop) deliver(t *testing.T, payload string) int {
	t.Helper()

	w := httptest.NewRecorder()
	s.handler(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(push(t, payload))))

	return w.Code
}

// lastLine is what was logged last.
func (s *shop) lastLine(t *testing.T) map[string]any {
	t.Helper()

	lines := bytes.Split(bytes.TrimSpace(s.log.Bytes()), []byte("\n"))

	var line map[string]any
	if err := json.Unmarshal(lines[len(lines)-1], &line); err != nil {
		t.Fatal(err)
	}

	return line
}

// profiles are the attributes of the profiles in Klaviyo.
func (s *shop) profiles() []map[string]any {
	var all []map[string]any
	for _, p := range s.kl.Profiles() {
		all = append(all, p.Attributes)
	}

	return all
}

// parker keeps what is parked, or fails.
type parker struct {
	mu     sync.Mutex
	fails  bool
	parked []delivery.Parked
}

func (p *parker) Park(_ context.Context, parked delivery.Parked) error {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.fails {
		return errors.New("no such topic")
	}

	p.parked = append(p.parked, parked)

	return nil
}

func encode(t *testing.T, v any) string {
	t.Helper()

	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}

	return string(data)
}

func push(t *testing.T, payload string) string {
	t.Helper()

	return encode(t, map[string]any{
		"message":      map[string]any{"data": []byte(payload), "messageId": "1", "attributes": map[string]string{}},
		"subscription": "projects/p/subscriptions/s",
	})
}

type object = map[string]any

// customer is Ann in commercetools, with changes.
func customer(t *testing.T, changes object) json.RawMessage {
	t.Helper()

	c := object{
		"id": id, "version": 1, "lastModifiedAt": "2026-01-02T03:04:05.001Z", "email": email, "firstName": "Ann", "lastName": "Arbor",
		"addresses": []object{{"id": "a1", "country": "DE", "city": "Berlin", "mobile": phone}},
	}
	maps.Copy(c, changes)

	return json.RawMessage(encode(t, c))
}

// message is a Message of a type, with more fields.
func message(t *testing.T, kind string, more object) string {
	t.Helper()

	m := object{
		"notificationType": "Message", "projectKey": project, "id": "m1", "version": 1, "sequenceNumber": 1, "resourceVersion": 1,
		"resource": object{"typeId": "customer", "id": id}, "createdAt": "2026-01-02T03:04:05.001Z", "type": kind,
	}
	maps.Copy(m, more)

	return encode(t, m)
}

// change is a Resource… notification.
func change(t *testing.T, kind, typeID string) string {
	t.Helper()

	return encode(t, object{
		"notificationType": kind, "projectKey": project, "resource": object{"typeId": typeID, "id": id},
		"version": 2, "oldVersion": 1, "modifiedAt": "2026-01-02T03:04:05.002Z",
	})
}

// inEvent puts a payload into commercetools' CloudEvents format.
func inEvent(t *testing.T, payload string) string {
	t.Helper()

	return encode(t, object{
		"specversion": "1.0", "id": "m1", "type": "com.commercetools.customer", "source": "/demo/customers", "subject": id,
		"data": json.RawMessage(payload),
	})
}

// ann is Ann's profile in Klaviyo, with changes.
func ann(changes object) object {
	p := object{
		"external_id": id, "email": email, "phone_number": phone, "first_name": "Ann", "last_name": "Arbor",
		"location": object{"city": "Berlin", "country": "DE"},
	}
	maps.Copy(p, changes)
	maps.DeleteFunc(p, func(_ string, v any) bool { return v == nil })

	return p
}
