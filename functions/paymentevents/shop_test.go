package paymentevents

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/settings"
)

const (
	id    = "7f35f165-1de0-4ec0-bf78-f15b43f3683b"
	email = "ann@shop.example.org"
)

type object = map[string]any

// shop is the function between a commercetools and a Klaviyo.
type shop struct{ *functiontest.Shop }

func open(t *testing.T, o functiontest.Options) shop {
	t.Helper()

	return shop{functiontest.Open(t, functiontest.Function{
		Name: name,
		New: func(ct *commercetools.Client, kl *klaviyo.Client, cfg settings.Config) func(context.Context, delivery.Message) error {
			return New(ct, kl, settings.Shop{Locale: "en-US", ProductURL: "https://shop.example/{{productSlug}}"}, cfg)
		},
	}, o)}
}

// done delivers payloads that are all done with, and not parked.
func (s shop) done(t *testing.T, payloads ...string) {
	t.Helper()

	for _, payload := range payloads {
		s.Acknowledged(t, payload)

		line := fmt.Sprint(s.LastLine(t))
		if strings.Contains(line, "@") || strings.Contains(line, "Arbor") {
			t.Errorf("the log holds personal data: %s", line)
		}
	}

	if n := len(s.Parked()); n != 0 {
		t.Errorf("%d parked, want none; the last: %v", n, s.LastLine(t))
	}
}

// expectEvents compares what Klaviyo has, in the order of metrics and unique ids: "metric unique-id value currency time".
func (s shop) expectEvents(t *testing.T, want ...string) {
	t.Helper()

	var got []string
	for _, e := range s.Klaviyo.Events() {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", e.Metric, e.UniqueID, e.Value, e.ValueCurrency, e.Time.Format(time.RFC3339)))
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// event is the one event of this metric with this unique id.
func (s shop) event(t *testing.T, metric, uniqueID string) klaviyotest.Event {
	t.Helper()

	all := slices.DeleteFunc(s.Klaviyo.Events(), func(e klaviyotest.Event) bool { return e.Metric != metric || e.UniqueID != uniqueID })
	if len(all) != 1 {
		t.Fatalf("%d events %s %s, want 1", len(all), metric, uniqueID)
	}

	return all[0]
}

// requests counts those since the last call.
func (s shop) requests() (read, written int) {
	for _, r := range s.Requests() {
		if strings.Contains(r, " /api/") {
			written++
		} else {
			read++
		}
	}

	return read, written
}

// expectParked delivers a payload that is parked with these attributes, the text of the error apart.
func (s shop) expectParked(t *testing.T, payload string, want map[string]string) {
	t.Helper()
	s.Acknowledged(t, payload)

	parked := s.Parked()
	if len(parked) != 1 {
		t.Fatalf("parked %d messages, want 1; the log: %v", len(parked), s.LastLine(t))
	}

	if string(parked[0].Data) != payload {
		t.Errorf("parked %s, want the message", parked[0].Data)
	}

	delete(parked[0].Attributes, "error")

	if diff := cmp.Diff(want, parked[0].Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

// deployed is the function as it starts from its environment, with changes, and what it logs.
func (s shop) deployed(t *testing.T, change func(map[string]string)) (http.HandlerFunc, *bytes.Buffer) {
	t.Helper()

	ct, kl := httptest.NewServer(s.Commercetools), httptest.NewServer(s.Klaviyo)

	t.Cleanup(ct.Close)
	t.Cleanup(kl.Close)

	env := map[string]string{
		"CT_API_URL":       ct.URL,
		"CT_AUTH_URL":      ct.URL,
		"CT_PROJECT_ID":    "demo",
		"CT_API_CLIENT":    `{"clientId":"` + commercetoolstest.ClientID + `","secret":"` + commercetoolstest.ClientSecret + `"}`,
		"KLAVIYO_AUTH_KEY": "pk_test",
		"KLAVIYO_API_URL":  kl.URL,
		"PREFERRED_LOCALE": "en-US",
	}
	change(env)

	var log bytes.Buffer

	return newHandler(envconfig.MapLookuper(env), &log), &log
}

// message is a Message of a type about a payment, with more fields.
func message(t *testing.T, kind string, more object) string {
	t.Helper()

	all := object{"createdAt": "2026-01-05T06:07:08.999Z"}
	maps.Copy(all, more)

	return functiontest.Message(t, "payment", id, kind, all)
}

// tooLarge is a Message of a type whose payload is not included.
func tooLarge(t *testing.T, kind string) string {
	t.Helper()

	return message(t, "", object{"payloadNotIncluded": object{"reason": "too large", "payloadType": kind}})
}

func encode(t *testing.T, v any) json.RawMessage {
	t.Helper()

	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}

	return data
}

func euros(cents int) object {
	return object{"type": "centPrecision", "currencyCode": "EUR", "centAmount": cents, "fractionDigits": 2}
}

// transaction is a transaction of a payment, with changes.
func transaction(id string, cents int, changes object) object {
	tr := object{"id": id, "type": "Refund", "state": "Success", "amount": euros(cents), "timestamp": "2026-01-04T05:06:07.890Z"}
	maps.Copy(tr, changes)

	return tr
}

// payment is a payment with transactions.
func payment(t *testing.T, id, created string, transactions ...object) json.RawMessage {
	t.Helper()

	return encode(t, object{"id": id, "version": 3, "createdAt": created, "transactions": transactions})
}

// stock puts Ann's order into commercetools, paid by payments of these ids.
func (s shop) stock(t *testing.T, paymentIDs ...string) {
	t.Helper()

	refs := make([]object, len(paymentIDs))
	for i, p := range paymentIDs {
		refs[i] = object{"typeId": "payment", "id": p}
	}

	s.Commercetools.Put("orders", encode(t, object{
		"id": "o1", "version": 7, "createdAt": "2026-01-02T03:04:05.678Z", "orderState": "Complete", "future": 0,
		"customerId": "c1", "customerEmail": email, "totalPrice": euros(4998), "billingAddress": object{"country": "DE", "lastName": "Arbor"},
		"lineItems":     []object{{"id": "l1", "productId": "p1", "name": object{"en-US": "Shirt"}, "quantity": 2, "totalPrice": euros(4998)}},
		"discountCodes": []object{{"discountCode": object{"typeId": "discount-code", "id": "d1"}, "state": "MatchesCart"}},
		"paymentInfo":   object{"payments": refs},
	}))
	s.Commercetools.Put("discount-codes", json.RawMessage(`{"id":"d1","code":"SUMMER"}`))
	s.Commercetools.Put("categories", json.RawMessage(`{"id":"women","name":{"en-US":"Women"}}`))
	s.Commercetools.Put("product-projections", json.RawMessage(`{"id":"p1","categories":[{"typeId":"category","id":"women"}]}`))
	s.Commercetools.Put("payments")
}
