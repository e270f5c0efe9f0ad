package main

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

func TestSend(t *testing.T) {
	t.Parallel()

	first, firstID := created(t, 0)
	second, secondID := created(t, 1)
	pushed := `{"message":{"data":"` + base64.StdEncoding.EncodeToString([]byte(first)) + `","messageId":"1"}}`
	event := `{"specversion":"1.0","id":"e","type":"com.commercetools.customer.message.CustomerCreated","source":"/demo","data":` + second + `}`
	about := func(typeID string) string {
		return `{"notificationType":"ResourceDeleted","resource":{"typeId":"` + typeID + `","id":"x1"}}`
	}

	for name, tt := range map[string]struct {
		message string
		fault   faulttest.Fault
		code    int
		want    string
		sent    int
	}{
		"bare":              {first, faulttest.Fault{}, 0, "CustomerEvents customer/" + firstID + ": done", 1},
		"as Pub/Sub pushes": {pushed, faulttest.Fault{}, 0, "CustomerEvents customer/" + firstID + ": done", 1},
		"CloudEvents":       {event, faulttest.Fault{}, 0, "CustomerEvents customer/" + secondID + ": done", 1},
		"order":             {about("order"), faulttest.Fault{}, 0, "nothing to do: ", 0},
		"payment":           {about("payment"), faulttest.Fault{}, 0, "nothing to do: ", 0},
		"category":          {about("category"), faulttest.Fault{}, 0, "CategoryEvents category/x1: done", 0},
		"product":           {about("product"), faulttest.Fault{}, 0, "ProductEvents product/x1: done", 0},
		"stock":             {about("inventory-entry"), faulttest.Fault{}, 0, "nothing to do: ", 0},
		"test notification": {about("subscription"), faulttest.Fault{}, 0, "nothing to do: the subscription's test notification", 0},
		"refused":           {first, refusal(), exitFailedRecords, "it can never succeed, and would be parked: klaviyo_rejected: ", 0},
		"later":             {first, faulttest.Fault{Status: http.StatusUnauthorized}, exitFailedRecords, "it may succeed later, and would be delivered again: ", 0},
		"unreadable":        {"nonsense", faulttest.Fault{}, exitFailedRecords, "it can never succeed, and would be parked: unreadable: ", 0},
		"no function":       {about("cart"), faulttest.Fault{}, exitUse, `no function takes messages about "cart"`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := newShop(t, 2, klaviyotest.Options{}, func(h http.Handler) http.Handler {
				return faulttest.Wrap(h, func(*http.Request) faulttest.Fault { return tt.fault })
			})

			c := local(t, s.env, "send", "-")
			c.Stdin = strings.NewReader(tt.message)

			code, out := finish(t, c)
			if code != tt.code || strings.Contains(out, "@") {
				t.Errorf("exit %d, want %d and nothing personal:\n%s", code, tt.code, out)
			}

			wantIn(t, out, tt.want)
			s.wantAll(t, tt.sent)
		})
	}
}

func TestSendFile(t *testing.T) {
	t.Parallel()

	first, id := created(t, 0)

	path := filepath.Join(t.TempDir(), "message.json")
	if err := os.WriteFile(path, []byte(first), 0o600); err != nil {
		t.Fatal(err)
	}

	code, out := finish(t, local(t, nil, "send", path))
	if code != 0 {
		t.Errorf("exit %d, want 0", code)
	}

	wantIn(t, out, "demo shop:", "CustomerEvents customer/"+id+": done")

	for want, args := range map[string][]string{
		"it is called as: local send FILE|- ":       {"send"},
		"nothing to read: open " + path + ".none: ": {"send", path + ".none"},
	} {
		code, out := finish(t, local(t, nil, args...))
		if code != exitUse {
			t.Errorf("%v: exit %d, want %d", args, code, exitUse)
		}

		wantIn(t, out, want)
	}
}
