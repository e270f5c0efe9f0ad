package delivery_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/delivery"
)

// became is all that can come of a delivery.
type became struct {
	Status  int
	Handled []delivery.Message
	Parked  []delivery.Parked
	Reason  string // in the log
}

// take delivers a body to a function that takes everything.
func take(ctx context.Context, header http.Header, body string) became {
	var (
		b   became
		log strings.Builder
		k   keeper
	)

	handler := delivery.NewHandler("Test", slog.New(slog.NewJSONHandler(&log, nil)), func() (delivery.Target, error) { //nolint:forbidigo // the ids are any text, and could look like anything
		return delivery.Target{Project: "demo", Parker: &k, Handle: func(_ context.Context, m delivery.Message) error {
			b.Handled = append(b.Handled, m)

			return nil
		}}, nil
	})

	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(body))
	maps.Copy(req.Header, header)

	w := httptest.NewRecorder()
	handler(w, req)

	var line struct {
		Reason string `json:"reason"`
	}

	_ = json.Unmarshal([]byte(log.String()), &line) // of one that isn't JSON there is no reason

	b.Status, b.Parked, b.Reason = w.Code, k.parked, line.Reason

	return b
}

// Whatever is delivered is handled, or parked with what Pub/Sub takes, or nobody's business: nothing comes again for ever, and
// nothing is lost.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		created, updated, tooLarge, inEvent(created), push(created), push(inEvent(updated)), structured(push(created)),
		`{"message":{"attributes":{"googx":"","é":"` + strings.Repeat("é", 600) + `"}}}`, `{"message":null}`, `{"message":{"data":"*"}}`,
	} {
		for _, contentType := range []string{"", "application/json", "application/cloudevents+json", "application/cloudevents-batch+json"} {
			f.Add(contentType, false, []byte(body))
		}

		f.Add("application/json", true, []byte(body))
	}

	f.Fuzz(func(t *testing.T, contentType string, binary bool, body []byte) {
		header := http.Header{"Content-Type": {contentType}}
		if binary {
			header = binaryHeader()
		}

		expectDone(t, take(t.Context(), header, string(body)))
	})
}

func expectDone(t *testing.T, got became) {
	t.Helper()

	ignored := got.Reason == "an event, not a message" || got.Reason == "the subscription's test notification"
	if n := len(got.Handled) + len(got.Parked); got.Status != http.StatusNoContent || n > 1 || n == 0 && !ignored {
		t.Errorf("status %d, %d handled and %d parked, reason %q", got.Status, len(got.Handled), len(got.Parked), got.Reason)
	}

	for _, m := range got.Handled {
		if m.Resource.ID == "" || m.Resource.TypeID == "" || m.NotificationType == "" || !json.Valid(m.Raw) {
			t.Errorf("a message that nobody can handle: %+v", m)
		}
	}

	for _, p := range got.Parked {
		expectPublishable(t, p.Attributes)
	}
}

// expectPublishable holds attributes against https://docs.cloud.google.com/pubsub/quotas#resource_limits.
func expectPublishable(t *testing.T, attributes map[string]string) {
	t.Helper()

	if len(attributes) > 100 || attributes["function"] != "Test" || attributes["reason"] == "" {
		t.Errorf("%d attributes of %q for %q", len(attributes), attributes["function"], attributes["reason"])
	}

	for key, value := range attributes {
		if key == "" || len(key) > 256 || len(value) > 1024 || strings.HasPrefix(key, "goog") || !utf8.ValidString(key+value) {
			t.Errorf("attribute %q: %q", key, value)
		}
	}
}

// The same comes of a payload in every envelope.
func FuzzEnvelopes(f *testing.F) {
	for _, payload := range []string{created, updated, tooLarge, listed, inEvent(created), `{"notificationType":"Event"}`, "null", "[]", `"x"`, "{", ""} {
		f.Add([]byte(payload))
	}

	f.Fuzz(func(t *testing.T, payload []byte) {
		want := take(t.Context(), nil, push(string(payload)))

		for name, got := range map[string]became{
			"structured event": take(t.Context(), http.Header{"Content-Type": {"application/cloudevents+json"}}, structured(push(string(payload)))),
			"binary event":     take(t.Context(), binaryHeader(), push(string(payload))),
		} {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-push +%s):\n%s", name, name, diff)
			}
		}

		if len(want.Handled) == 0 || !utf8.Valid(payload) || want.Handled[0].Raw == nil || string(want.Handled[0].Raw) != string(payload) {
			return // nothing to put into an event, or there already
		}

		if diff := cmp.Diff(want, take(t.Context(), nil, push(inEvent(string(payload))))); diff != "" {
			t.Errorf("commercetools' event (-Platform +CloudEvents):\n%s", diff)
		}
	})
}
