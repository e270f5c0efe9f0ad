package logging_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/logging"
)

// secret has no letters in common with what stands around it, so that a trace of it is a trace of it.
const secret = "QZQZQZ"

// hidden fails when text holds the secret, as it is or in a number system.
func hidden(t *testing.T, text string) {
	t.Helper()

	for _, form := range []string{secret, "515a", "515A", "81 90", "121 132", "0x51"} {
		if strings.Contains(text, form) {
			t.Errorf("leaked in %s", text)
		}
	}

	if !strings.Contains(text, "[redacted]") {
		t.Errorf("no [redacted] in %s", text)
	}
}

type holder struct {
	Name   string                    `json:"name"`
	Secret logging.Secret            `json:"secret"`
	Any    any                       `json:"any"`
	List   []logging.Secret          `json:"list"`
	Values map[string]logging.Secret `json:"values"`
}

func hold() holder {
	s := logging.Secret(secret)

	return holder{
		Name:   "name",
		Secret: s,
		Any:    s,
		List:   []logging.Secret{s},
		Values: map[string]logging.Secret{"key": s},
	}
}

func TestSecretNeverPrints(t *testing.T) {
	t.Parallel()

	s := logging.Secret(secret)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%10.3s", "%t"} {
		for _, value := range []any{s, hold(), new(hold()), []logging.Secret{s}, [1]any{s}} {
			hidden(t, fmt.Sprintf(verb, value))
		}
	}

	hidden(t, fmt.Sprint(s))
	hidden(t, fmt.Sprintln("key", &s))
	hidden(t, s.String())
	hidden(t, fmt.Errorf("key %v: %w", s, errors.New("refused")).Error())
}

func TestSecretNeverEncodes(t *testing.T) {
	t.Parallel()

	got, err := json.Marshal(hold())
	if err != nil {
		t.Fatal(err)
	}

	hidden(t, string(got))
}

func TestSecretNeverLogs(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer

	handlers := map[string]slog.Handler{
		"ours": logging.New(&out, slog.LevelInfo, "").Handler(),
		"json": slog.NewJSONHandler(&out, nil),
		"text": slog.NewTextHandler(&out, nil),
	}
	for name, handler := range handlers {
		for _, value := range []any{logging.Secret(secret), hold(), slog.GroupValue(slog.Any("key", logging.Secret(secret)))} {
			out.Reset()
			slog.New(handler).InfoContext(t.Context(), "message", "value", value)
			t.Log(name)
			hidden(t, out.String())
		}
	}
}

func TestSecretReveals(t *testing.T) {
	t.Parallel()

	if got := logging.Secret(secret).Reveal(); got != secret {
		t.Errorf("got %q", got)
	}
}
