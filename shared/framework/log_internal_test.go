package framework

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// An answer that nobody has asked for reaches the log, and what it says doesn't.
func TestUnaskedAnswer(t *testing.T) { //nolint:paralleltest // the standard logger is everybody's
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer

		takeStandardLog(&out)

		transport := loggingtest.Babbler("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + `"email":"ann@shop.example.org"`)

		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://peer.example/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}

		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}

		_ = resp.Body.Close()

		synctest.Wait()
		loggingtest.Check(t, out.String())

		if !strings.Contains(out.String(), `"message":"Unsolicited response`) {
			t.Errorf("logged %q", &out)
		}
	})
}
