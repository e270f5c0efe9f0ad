package functiontest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// Start starts a function from its environment, as it is deployed, and logs to a writer.
type Start = func(envconfig.Lookuper, io.Writer) http.HandlerFunc

// Variables lead a function to a commercetools and a Klaviyo.
func Variables(commercetoolsURL, klaviyoURL string) map[string]string {
	return map[string]string{
		"CT_API_URL":       commercetoolsURL,
		"CT_AUTH_URL":      commercetoolsURL,
		"CT_PROJECT_ID":    project,
		"CT_API_CLIENT":    `{"clientId":"` + commercetoolstest.ClientID + `","secret":"` + commercetoolstest.ClientSecret + `"}`,
		"KLAVIYO_AUTH_KEY": key,
		"KLAVIYO_API_URL":  klaviyoURL,
	}
}

// Deployed starts the function in this shop from its environment, with more variables.
func (s *Shop) Deployed(t *testing.T, start Start, more map[string]string) http.HandlerFunc {
	t.Helper()

	ct, kl := httptest.NewServer(s.Commercetools), httptest.NewServer(s.Klaviyo)

	t.Cleanup(ct.Close)
	t.Cleanup(kl.Close)

	variables := Variables(ct.URL, kl.URL)
	maps.Copy(variables, more)

	return start(envconfig.MapLookuper(variables), io.MultiWriter(writer(s.write), s.read))
}

// ExpectMissing starts a function with settings that don't do, by changes to those of a shop. Every message has to come
// again, and the log has to say why.
func ExpectMissing(t *testing.T, start Start, changes map[string]string, payload string, want ...string) {
	t.Helper()

	var log bytes.Buffer

	variables := Variables("https://commercetools.example", "https://klaviyo.example")
	maps.Copy(variables, changes)
	handler := start(envconfig.MapLookuper(variables), io.MultiWriter(&log, loggingtest.Writer(t)))

	for range 2 {
		if status := Deliver(t, handler, payload); status != http.StatusServiceUnavailable {
			t.Errorf("status %d, want 503", status)
		}
	}

	for _, text := range want {
		if !strings.Contains(log.String(), text) {
			t.Errorf("logged %s, want it to name %q", &log, text)
		}
	}
}
