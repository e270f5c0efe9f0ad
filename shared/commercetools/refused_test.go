package commercetools_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

func TestIsRefused(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"no scope for it":         {&commercetools.Error{Status: 403, Code: "insufficient_scope"}, true},
		"not understood":          {&commercetools.Error{Status: 400, Code: "InvalidInput"}, true},
		"no such thing":           {&commercetools.Error{Status: 404, Code: "ResourceNotFound"}, true},
		"wrapped":                 {fmt.Errorf("x: %w", &commercetools.Error{Status: 404, Code: "ResourceNotFound"}), true},
		"forbidden by a proxy":    {&commercetools.Error{Status: 403}, false},
		"forbidden otherwise":     {&commercetools.Error{Status: 403, Code: "Forbidden"}, false},
		"not found by a proxy":    {&commercetools.Error{Status: 404}, false},
		"a proxy's own 400":       {&commercetools.Error{Status: 400}, false},
		"of the token endpoint":   {&commercetools.Error{Status: 400, Code: "invalid_scope", Token: true}, false},
		"a token that is refused": {&commercetools.Error{Status: 401, Code: "invalid_token"}, false},
		"too many":                {&commercetools.Error{Status: 429, Code: "RateLimit"}, false},
		"out of order":            {&commercetools.Error{Status: 503, Code: "ServiceUnavailable"}, false},
		"another error":           {errors.New("network"), false},
		"none":                    {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if got := commercetools.IsRefused(tt.err); got != tt.want {
				t.Errorf("%t, want %t", got, tt.want)
			}
		})
	}
}
