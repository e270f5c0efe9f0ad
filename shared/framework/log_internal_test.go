package framework

import (
	"bytes"
	"io"
	"log" //nolint:depguard // what writes to it has to be put back
	"log/slog"
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

		takeStandardLogFor(t, &out)

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

// takeStandardLogFor gives the standard logger back at the test's end. [slog.SetDefault] takes package log's with it, but doesn't
// give that back.
func takeStandardLogFor(t *testing.T, w io.Writer) {
	t.Helper()

	before, output, flags := slog.Default(), log.Writer(), log.Flags() //nolint:forbidigo // to put it back
	takeStandardLog(w)
	t.Cleanup(func() {
		slog.SetDefault(before) //nolint:forbidigo // as above
		log.SetOutput(output)
		log.SetFlags(flags)
	})
}
