package functiontest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing/iotest"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// CommercetoolsConfig leads a client to a fake.
func CommercetoolsConfig(address string, transport http.RoundTripper) commercetools.Config {
	return commercetools.Config{
		APIURL: address, AuthURL: address, ProjectKey: project,
		ClientID: commercetoolstest.ClientID, ClientSecret: commercetoolstest.ClientSecret,
		Transport: transport,
	}
}

// KlaviyoConfig leads a client to a fake that keeps no limits.
func KlaviyoConfig(address string, transport http.RoundTripper) klaviyo.Config {
	return klaviyo.Config{APIURL: address, AuthKey: key, Transport: transport, Limits: map[string]klaviyo.Limit{}}
}

// Memory leads to a handler without a network. A handler that ends with http.ErrAbortHandler is a connection that broke.
func Memory(address string, h http.Handler) (string, http.RoundTripper) { return address, transport{h} }

type transport struct{ handler http.Handler }

var errReset = errors.New("connection reset")

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	w := httptest.NewRecorder()

	defer func() {
		if v := recover(); v == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
			resp, err = broken(w) //nolint:bodyclose // it is the caller's
		} else if v != nil {
			panic(v)
		}
	}()

	t.handler.ServeHTTP(w, r)

	return w.Result(), nil
}

// broken is what a client sees of an answer before the connection breaks.
func broken(w *httptest.ResponseRecorder) (*http.Response, error) {
	if w.Body.Len() == 0 {
		return nil, errReset
	}

	resp := w.Result()
	resp.Body = io.NopCloser(io.MultiReader(resp.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))

	return resp, nil
}
