package klaviyo_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

func TestIsRefused(t *testing.T) {
	t.Parallel()

	for status, want := range map[int]struct{ klaviyos, proxys bool }{
		400: {klaviyos: true},
		409: {klaviyos: true},
		422: {klaviyos: true},
		413: {klaviyos: true, proxys: true},
		401: {},
		403: {},
		404: {},
		429: {},
		500: {},
		503: {},
	} {
		err := &klaviyo.Error{Status: status, Details: []klaviyo.Detail{{Code: "some_code"}}}
		if got := klaviyo.IsRefused(fmt.Errorf("customer c1: %w", err)); got != want.klaviyos {
			t.Errorf("IsRefused for Klaviyo's %d = %t, want %t", status, got, want.klaviyos)
		}

		for _, details := range [][]klaviyo.Detail{nil, {{}}} {
			if got := klaviyo.IsRefused(&klaviyo.Error{Status: status, Details: details}); got != want.proxys {
				t.Errorf("IsRefused for a proxy's %d with %v = %t, want %t", status, details, got, want.proxys)
			}
		}
	}

	if klaviyo.IsRefused(errors.New("no route")) || klaviyo.IsRefused(nil) {
		t.Error("IsRefused without an answer")
	}
}
