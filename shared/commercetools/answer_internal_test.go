package commercetools

import (
	"net/http"
	"strings"
	"testing"
)

// An answer is not decoded when its errors would take far more memory than its text.
func TestTooManyErrors(t *testing.T) {
	t.Parallel()

	for n, want := range map[int]string{maxElements: "InvalidInput", maxElements + 1: ""} {
		body := `{"errors":[{"code":"InvalidInput"}` + strings.Repeat(",{}", n-1) + `]}`

		if e := newError("GET /demo/customers", &http.Response{StatusCode: http.StatusBadRequest}, []byte(body)); e.Code != want || e.Status != http.StatusBadRequest {
			t.Errorf("%d errors: status %d, code %q, want %q", n, e.Status, e.Code, want)
		}
	}
}
