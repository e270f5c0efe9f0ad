package mapping_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest/contract"
)

// account is an empty Klaviyo account. Whatever is sent there is held against Klaviyo's descriptions. Where they are not, as
// in a checkout of the repository alone, the fake's own checks are left.
func account(t *testing.T) *klaviyo.Client {
	t.Helper()

	return klaviyo.New(klaviyo.Config{
		APIURL: "http://klaviyo.example", AuthKey: "pk_test", Limits: map[string]klaviyo.Limit{},
		Transport: contract.IfThere(t, inMemory{klaviyotest.New(klaviyotest.Options{})}),
	})
}

// inMemory answers requests without a network.
type inMemory struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	m.handler.ServeHTTP(w, r)

	return w.Result(), nil
}

// asEntered are the attributes that come from commercetools as they were entered there. When Klaviyo refuses one it says
// which, and it has to be mended where it was entered. Everything else the mapping has to make acceptable.
func asEntered() []string {
	return []string{"email", "external_id", "unique_id", "value_currency", "time"}
}

// expectTaken looks that Klaviyo has taken what was sent, or refused it for something that was entered wrong.
func expectTaken(t *testing.T, what string, err error, refused ...klaviyo.Refused) {
	t.Helper()

	var pointers []string
	for _, r := range refused {
		pointers = append(pointers, r.Pointer)
	}

	if e, ok := errors.AsType[*klaviyo.Error](err); ok && e.Status == http.StatusBadRequest && len(e.Details) > 0 {
		for _, d := range e.Details {
			pointers = append(pointers, d.Pointer)
		}
	} else if err != nil {
		t.Errorf("%s: %v", what, err)
	}

	for _, p := range pointers {
		if !slices.Contains(asEntered(), p[strings.LastIndex(p, "/")+1:]) {
			t.Errorf("%s is refused for %s", what, p)
		}
	}
}
