package logging

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is a value that must never be seen: a password, an API key. Every way of printing or encoding it gives
// "[redacted]"; only Reveal gives the value.
//
// A struct that keeps one keeps it in an exported field: fmt asks no method of an unexported one and prints its text.
type Secret string

// Reveal returns the value itself, for the one place that sends it.
func (s Secret) Reveal() string { return string(s) }

// String implements fmt.Stringer.
func (s Secret) String() string { return redacted }

// Format implements fmt.Formatter, for every verb: %x would otherwise spell the value out, and %#v quote it.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, for JSON and every other encoder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
