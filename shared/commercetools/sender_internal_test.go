package commercetools

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadBody(t *testing.T) {
	t.Parallel()

	broken := io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(io.ErrUnexpectedEOF))

	tests := map[string]struct {
		status int
		body   io.Reader
		want   string
		err    error
	}{
		"as large as may be":    {200, strings.NewReader("1234567890"), "1234567890", nil},
		"larger":                {200, strings.NewReader("12345678901"), "", ErrTooLarge},
		"broken":                {200, broken, "", io.ErrUnexpectedEOF},
		"broken, with a status": {503, io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(io.ErrUnexpectedEOF)), "12345", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := readBody(&http.Response{StatusCode: tt.status, Body: io.NopCloser(tt.body)}, 10)
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}
