package logging

import (
	"encoding/json"
	"log/slog"
	"strings"
)

// MaxText is how much is logged of a text, in bytes. Cloud Logging refuses a line of more than 256 KB, and with it what an alert
// reads: five such texts fit, even if JSON needs six characters for each byte.
// Source: https://cloud.google.com/logging/quotas#log-limits.
const MaxText = 8 << 10

// MaxWord is how much is kept of a word that comes from outside, such as the code of an error, in bytes.
const MaxWord = 256

// Shorten cuts a text to at most so many bytes, never within a character. The last character of one that was cut is "…".
func Shorten(s string, most int) string {
	const more = "…"

	if len(s) <= most {
		return s
	}

	return strings.ToValidUTF8(s[:most-len(more)], "") + more
}

// limit shortens a value, whatever it is: an error and a struct by the text that would be written.
func limit(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(Shorten(v.String(), MaxText))
	case slog.KindAny:
		return limitAny(v)
	default: // a group's members come one by one, and the others are short
		return v
	}
}

func limitAny(v slog.Value) slog.Value {
	_, marshals := v.Any().(json.Marshaler)
	if err, ok := v.Any().(error); ok && !marshals { // as slog has it
		return slog.StringValue(Shorten(err.Error(), MaxText))
	}

	if text, err := json.Marshal(v.Any()); err == nil && len(text) > MaxText {
		return slog.StringValue(Shorten(string(text), MaxText))
	}

	return v
}
