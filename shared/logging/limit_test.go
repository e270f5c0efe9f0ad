package logging_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/logging"
)

type wordy struct {
	Text string `json:"text"`
}

// marshaled is an error that is logged as JSON all the same.
type marshaled struct{ text string }

func (m marshaled) Error() string                { return m.text }
func (m marshaled) MarshalJSON() ([]byte, error) { return []byte(`["` + m.text + `"]`), nil }

// Cloud Logging refuses a line of more than 256 KB. No value makes one, whatever its type and wherever it stands.
func TestLongValuesAreCut(t *testing.T) {
	t.Parallel()

	for what, text := range map[string]string{
		"letters": strings.Repeat("x", 1<<18), "of two bytes": "x" + strings.Repeat("ü", 1<<18), "escaped": strings.Repeat("\x01", 1<<18),
	} {
		for kind, value := range map[string]any{
			"text": text, "error": errors.New(text), "struct": wordy{text}, "pointer": &wordy{text}, "list": []string{text},
			"bytes": []byte(text), "map": map[string]any{"a": text}, "error in JSON": marshaled{"x" + strings.Repeat("y", 1<<18)},
			"group": slog.GroupValue(slog.String("a", text)),
		} {
			t.Run(kind+" of "+what, func(t *testing.T) {
				t.Parallel()

				testLong(t, value)
			})
		}
	}
}

func testLong(t *testing.T, value any) {
	t.Helper()

	var out bytes.Buffer

	log := logging.New(&out, slog.LevelInfo, "shop").With("a", value).WithGroup("g")
	log.ErrorContext(t.Context(), "failed", "b", value, "c", value, "d", value, "e", value)

	if out.Len() > 256<<10 || out.Len() < 4*logging.MaxText {
		t.Errorf("a line of %d bytes", out.Len())
	}

	if strings.Contains(out.String(), `\ufffd`) {
		t.Error("a character was cut in two")
	}

	if line := lines(t, &out)[0]; line["severity"] != "ERROR" {
		t.Errorf("severity %v", line["severity"])
	}
}

func TestShortValuesStay(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer

	full := strings.Repeat("x", logging.MaxText)
	logging.New(&out, slog.LevelInfo, "shop").InfoContext(t.Context(), "done", "text", full, "struct", wordy{"short"}, "error", errors.New(full))

	want := []map[string]any{{
		"severity": "INFO", "message": "done", "text": full, "struct": map[string]any{"text": "short"}, "error": full,
	}}
	if diff := cmp.Diff(want, lines(t, &out)); diff != "" {
		t.Error(diff)
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"":            "",
		"1234567":     "1234567",
		"12345678":    "1234…",
		"123ü567":     "123…",
		"1234567890ü": "1234…",
		"日本語":         "日…",
	} {
		if got := logging.Shorten(text, 7); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// What others tell the standard logger may quote a peer, and be as long as they like.
func TestMessage(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		`Unsolicited response starting with "ann@shop.example.org"; err=<nil>`: "Unsolicited response starting with ",
		"http: " + strings.Repeat("x", 1<<18):                                  "http: " + strings.Repeat("x", logging.MaxText-len("http: …")) + "…",
	} {
		var out bytes.Buffer

		handler := logging.New(&out, slog.LevelInfo, "shop").Handler()
		if err := handler.Handle(t.Context(), slog.NewRecord(time.Unix(0, 0), slog.LevelInfo, text, 0)); err != nil {
			t.Fatal(err)
		}

		if got := lines(t, &out)[0]["message"]; got != want {
			t.Errorf("the message is %q", got)
		}
	}
}
