package functiontest

import (
	"net/http"
	"net/http/httptest"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// Memory is the two fakes without a network, for tests in a bubble of testing/synctest, where waiting takes no time. It
// knows no resets.
type Memory struct {
	Commercetools *commercetoolstest.Server
	Klaviyo       *klaviyotest.Server
	// AtKlaviyo lets requests fail or wait; nil lets all pass.
	AtKlaviyo func(*http.Request) faulttest.Fault
}

// InMemory returns fakes with nothing in them.
func InMemory() *Memory {
	return &Memory{
		Commercetools: commercetoolstest.NewServer(project),
		Klaviyo:       klaviyotest.New(klaviyotest.Options{Key: key}),
	}
}

// CommercetoolsConfig leads a client to the fake.
func (m *Memory) CommercetoolsConfig() commercetools.Config {
	return commercetools.Config{
		APIURL: "http://commercetools.example", AuthURL: "http://commercetools.example", ProjectKey: project,
		ClientID: commercetoolstest.ClientID, ClientSecret: commercetoolstest.ClientSecret,
		Transport: transport{m.Commercetools},
	}
}

// KlaviyoConfig leads a client to the fake.
func (m *Memory) KlaviyoConfig() klaviyo.Config {
	h := http.Handler(m.Klaviyo)
	if m.AtKlaviyo != nil {
		h = faulttest.Wrap(h, m.AtKlaviyo)
	}

	return klaviyo.Config{APIURL: "http://klaviyo.example", AuthKey: key, Transport: transport{h}, Limits: map[string]klaviyo.Limit{}}
}

type transport struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	t.handler.ServeHTTP(w, r)

	return w.Result(), nil
}
