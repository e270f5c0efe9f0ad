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

func TestIsPhoneRefused(t *testing.T) {
	t.Parallel()

	const phone, email = "/data/attributes/phone_number", "/data/attributes/email"

	for name, tt := range map[string]struct {
		status   int
		pointers []string
		want     bool
	}{
		"the phone":               {400, []string{phone}, true},
		"the phone of a row":      {400, []string{"/data/attributes/profiles/data/7/attributes/phone_number"}, true},
		"twice":                   {400, []string{phone, phone}, true},
		"the phone and the email": {400, []string{phone, email}, false},
		"the email and the phone": {400, []string{email, phone}, false},
		"the email":               {400, []string{email}, false},
		"no place":                {400, []string{""}, false},
		"too large":               {413, nil, false},
		"later":                   {503, []string{phone}, false},
	} {
		e := &klaviyo.Error{Status: tt.status}
		for _, pointer := range tt.pointers {
			e.Details = append(e.Details, klaviyo.Detail{Code: "invalid", Pointer: pointer})
		}

		if got := klaviyo.IsPhoneRefused(fmt.Errorf("customer c1: %w", e)); got != tt.want {
			t.Errorf("%s: IsPhoneRefused = %t, want %t", name, got, tt.want)
		}
	}

	if klaviyo.IsPhoneRefused(errors.New("no route")) || klaviyo.IsPhoneRefused(nil) {
		t.Error("IsPhoneRefused without an answer")
	}
}
