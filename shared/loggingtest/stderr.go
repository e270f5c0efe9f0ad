package loggingtest

import (
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
)

// Stderr reads what a function that is served by the functions framework logs: it writes to os.Stderr from its first request to
// the end of the process. The test must not run beside others.
func Stderr(tb testing.TB) {
	tb.Helper()

	file, err := stderr()
	if err != nil {
		tb.Fatal(err)
	}

	tb.Cleanup(func() {
		text, err := io.ReadAll(io.NewSectionReader(file, 0, math.MaxInt64))
		if err != nil {
			tb.Fatal(err)
		}

		for line := range strings.Lines(string(text)) {
			Check(tb, line)
		}
	})
}

// stderr puts a file in the place of os.Stderr. A panic that ends the process still goes to the terminal.
//
//nolint:gochecknoglobals // what it replaces is global, too
var stderr = sync.OnceValues(func() (*os.File, error) {
	file, err := os.CreateTemp("", "stderr-")
	if err != nil {
		return nil, err //nolint:wrapcheck // the test ends with it
	}

	os.Stderr = file

	return file, os.Remove(file.Name())
})
