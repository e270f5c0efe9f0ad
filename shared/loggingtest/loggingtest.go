// Package loggingtest reads what the tests log: every line of every test, to its last field, and fails at any sign of a person
// or of a secret. Ids are all that a log may hold.
//
// The tests take their loggers from here, and the linter keeps them from others. signs.go says what is looked for.
package loggingtest

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
	"testing"
)

// New returns a logger for a test, from debug upwards. Its lines, of JSON with slog's own names, go to those who want them, too.
func New(tb testing.TB, also ...io.Writer) *slog.Logger {
	tb.Helper()

	return slog.New(slog.NewJSONHandler(io.MultiWriter(append(also, Writer(tb))...), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Writer returns a writer of log lines that nobody keeps. The test fails at its end if one of them should not have been
// written.
func Writer(tb testing.TB) io.Writer {
	tb.Helper()

	r := &reader{}

	tb.Cleanup(func() {
		r.mu.Lock()
		defer r.mu.Unlock()

		r.look(r.rest)

		for _, f := range r.found {
			tb.Error(f)
		}
	})

	return r
}

// Check fails the test at once if a text should not have been logged, or parked.
func Check(tb testing.TB, text string) {
	tb.Helper()

	if found := Find(text); found != "" {
		tb.Errorf("%q is not for the log: %s", found, text)
	}
}

// reader looks at each line, and keeps what it finds.
type reader struct {
	mu    sync.Mutex
	rest  []byte // a line that has not ended yet
	found []string
}

// Write implements io.Writer.
func (r *reader) Write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.rest = append(r.rest, text...)
	for {
		line, rest, ended := bytes.Cut(r.rest, []byte("\n"))
		if !ended {
			return len(text), nil
		}

		r.look(line)
		r.rest = rest
	}
}

// look keeps the first few: the same mistake may be in thousands of lines.
func (r *reader) look(line []byte) {
	const enough = 5

	if found := Find(string(line)); found != "" && len(r.found) < enough {
		r.found = append(r.found, "the log holds "+found+": "+string(line))
	}
}
