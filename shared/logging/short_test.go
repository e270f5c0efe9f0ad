package logging_test

import (
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/logging"
)

func TestShort(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"":                           "",
		"duplicate":                  "duplicate",
		strings.Repeat("x", 10):      strings.Repeat("x", 10),
		strings.Repeat("x", 11):      strings.Repeat("x", 10),
		strings.Repeat("ü", 6):       strings.Repeat("ü", 5),
		"x" + strings.Repeat("ü", 5): "x" + strings.Repeat("ü", 4),
	} {
		if got := logging.Short(text, 10); got != want {
			t.Errorf("Short(%q, 10) = %q, want %q", text, got, want)
		}
	}
}
