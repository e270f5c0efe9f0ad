package delivery_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// serve delivers body to target, and returns the answer and the one line that must have been logged.
func serve(t *testing.T, body io.Reader, target func() (delivery.Target, error)) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()

	var out bytes.Buffer

	w := httptest.NewRecorder()
	log := loggingtest.New(t, &out)
	delivery.NewHandler("CustomerEvents", log, target)(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", body))

	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("want one line of log, got %q", out.String())
	}

	if line["milliseconds"] != nil {
		line["milliseconds"] = "some"
	}

	delete(line, "time")

	return w, line
}

// to is a target whose handler gives err.
func to(err error) func() (delivery.Target, error) {
	return func() (delivery.Target, error) {
		return delivery.Target{Project: "demo", Handle: func(context.Context, delivery.Message) error { return err }, Parker: &keeper{}}, nil
	}
}

func TestAnswerAndLog(t *testing.T) {
	t.Parallel()

	line := func(level, outcome string, more map[string]any) map[string]any {
		all := map[string]any{
			"level": level, "msg": "message handled", "function": "CustomerEvents", "outcome": outcome, "type": "CustomerCreated",
			"resource_type": "customer", "resource_id": "c1", "message_id": "m1", "pubsub_id": "p1", "attempt": 2.0, "requests": 0.0, "milliseconds": "some",
		}
		maps.Copy(all, more)

		return all
	}
	kl := func(status int, after time.Duration) error {
		return &klaviyo.Error{
			Status: status, Operation: "POST /api/profiles", RetryAfter: after,
			Details: []klaviyo.Detail{{Code: "a_code", Title: "bob@example.org"}},
		}
	}

	tests := []struct {
		name   string
		err    error
		status int
		after  string
		want   map[string]any
	}{
		{"done", nil, 204, "", line("INFO", "done", nil)},
		{"ignored", delivery.Ignored("switched off"), 204, "", line("INFO", "done", map[string]any{"reason": "switched off"})},
		{"gone", &commercetools.Error{Status: 404, Resource: true, Code: "ResourceNotFound"}, 204, "", line("INFO", "done", map[string]any{
			"reason": "gone from commercetools",
		})},
		{"parked", kl(400, 0), 204, "", line("ERROR", "parked", map[string]any{
			"reason": "klaviyo_rejected", "error": "klaviyo: POST /api/profiles: status 400 Bad Request; a_code",
		})},
		{"limited", kl(429, 1500*time.Millisecond), 503, "2", line("WARN", "later", map[string]any{
			"reason": "klaviyo_unavailable", "error": "klaviyo: POST /api/profiles: status 429 Too Many Requests; a_code",
		})},
		{
			"commercetools is down", &commercetools.Error{Status: 503, Operation: "GET /demo/customers/c1", RetryAfter: time.Minute}, 503, "60",
			line("WARN", "later", map[string]any{
				"reason": "commercetools_unavailable", "error": "commercetools: GET /demo/customers/c1: status 503 Service Unavailable",
			}),
		},
		{"network", io.ErrUnexpectedEOF, 503, "", line("WARN", "later", map[string]any{
			"reason": "unavailable", "error": "unexpected EOF",
		})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			w, got := serve(t, strings.NewReader(push(created)), to(tt.err))
			if w.Code != tt.status || w.Header().Get("Retry-After") != tt.after {
				t.Errorf("status %d, Retry-After %q, want %d, %q", w.Code, w.Header().Get("Retry-After"), tt.status, tt.after)
			}

			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoteIsLogged(t *testing.T) {
	t.Parallel()

	_, line := serve(t, strings.NewReader(push(created)), func() (delivery.Target, error) {
		return delivery.Target{Project: "demo", Handle: func(ctx context.Context, _ delivery.Message) error {
			delivery.Note(ctx, slog.String("left_out", "phone_number"))

			return nil
		}}, nil
	})
	if line["left_out"] != "phone_number" {
		t.Errorf("left_out = %v, want phone_number", line["left_out"])
	}

	delivery.Note(t.Context(), slog.String("left_out", "nobody listens")) // Must not panic.
}

func TestMissingSettingIsNamed(t *testing.T) {
	t.Parallel()

	w, line := serve(t, strings.NewReader(push(created)), func() (delivery.Target, error) {
		return delivery.Target{}, errors.New("CT_API_URL is required")
	})
	if w.Code != http.StatusServiceUnavailable || line["error"] != "CT_API_URL is required" || line["reason"] != "not_configured" {
		t.Errorf("status %d, line %v, want 503 and the setting's name", w.Code, line)
	}
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	t.Parallel()

	var nowhere *delivery.Message

	tests := map[string]struct {
		target func() (delivery.Target, error)
		want   string
	}{
		"handler, by the runtime": {func() (delivery.Target, error) {
			return delivery.Target{Project: "demo", Handle: func(context.Context, delivery.Message) error { return errors.New(nowhere.ID) }}, nil
		}, "delivery: panic: runtime error: invalid memory address or nil pointer dereference"},
		"handler, with a value": {func() (delivery.Target, error) {
			return delivery.Target{Project: "demo", Handle: func(context.Context, delivery.Message) error { panic("bob@example.org") }}, nil
		}, "delivery: panic"},
		"target": {func() (delivery.Target, error) { panic("bob@example.org") }, "delivery: panic"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w, line := serve(t, strings.NewReader(push(created)), tt.target)
			if w.Code != http.StatusServiceUnavailable || line["error"] != tt.want || line["level"] != "ERROR" {
				t.Errorf("status %d, line %v, want 503 and error %q", w.Code, line, tt.want)
			}

			stack, ok := line["stack"].(string)
			if !ok || !strings.Contains(stack, "handler_test.go") || strings.Contains(stack, "bob@example.org") {
				t.Errorf("stack %q, want the place and no value", stack)
			}
		})
	}
}

func TestTimeIsBounded(t *testing.T) {
	t.Parallel()

	_, _ = serve(t, strings.NewReader(push(created)), func() (delivery.Target, error) {
		return delivery.Target{Project: "demo", Handle: func(ctx context.Context, _ delivery.Message) error {
			if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > delivery.Timeout {
				t.Errorf("deadline %v, want one within %v", deadline, delivery.Timeout)
			}

			return nil
		}}, nil
	})
}

// endless is a body without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}

	return len(p), nil
}

func TestBodyThatCannotBeRead(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		body io.Reader
		want int
	}{
		"too large":  {endless{}, http.StatusRequestEntityTooLarge},
		"broken off": {io.MultiReader(strings.NewReader(`{"message":`), errReader{}), http.StatusServiceUnavailable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w, line := serve(t, tt.body, to(errors.New("the handler must not be called")))
			if w.Code != tt.want || line["msg"] != "request not read" {
				t.Errorf("status %d, line %v, want %d", w.Code, line, tt.want)
			}
		})
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestLargestMessageFits(t *testing.T) {
	t.Parallel()

	// 10 MB is what Pub/Sub takes; base64 makes 13.4 MB of it.
	padded := created[:len(created)-1] + `,"padding":"` + strings.Repeat("x", 10_000_000-len(created)-len(`,"padding":""`)) + `"}`
	if got, status := deliver(t.Context(), loggingtest.New(t), nil, push(padded)); got == nil || status != http.StatusNoContent {
		t.Errorf("status %d, want 204", status)
	}
}

func TestOnlyPost(t *testing.T) {
	t.Parallel()

	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete} {
		w := httptest.NewRecorder()
		delivery.NewHandler("CustomerEvents", loggingtest.New(t), to(nil))(w, httptest.NewRequestWithContext(t.Context(), method, "/", http.NoBody))

		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodPost {
			t.Errorf("%s: status %d, Allow %q, want 405, POST", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

// A message of another project is never handled against this one, and a person gets to see it. One that names none, sent by
// hand say, is of this project.
func TestForeignProject(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		body    string
		handled bool
		parked  []string // reason and resource
	}{
		"ours":              {push(created), true, nil},
		"nobody's":          {push(strings.Replace(created, `"projectKey":"demo",`, "", 1)), true, nil},
		"another's":         {push(strings.Replace(created, `"demo"`, `"other"`, 1)), false, []string{"foreign_project", "customer/c1"}},
		"another's, change": {push(strings.Replace(updated, `"demo"`, `"Demo"`, 1)), false, []string{"foreign_project", "customer/c1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var (
				handled bool
				keeper  keeper
				parked  []string
			)

			w, _ := serve(t, strings.NewReader(tt.body), func() (delivery.Target, error) {
				return delivery.Target{
					Project: "demo",
					Handle: func(context.Context, delivery.Message) error {
						handled = true

						return nil
					},
					Parker: &keeper,
				}, nil
			})

			if w.Code != http.StatusNoContent || handled != tt.handled {
				t.Errorf("status %d, handled: %t; want 204, %t", w.Code, handled, tt.handled)
			}

			for _, p := range keeper.parked {
				parked = append(parked, p.Attributes["reason"], p.Attributes["resource"])
			}

			if diff := cmp.Diff(tt.parked, parked); diff != "" {
				t.Errorf("parked (-want +got):\n%s", diff)
			}
		})
	}
}

// What is logged of a message is bounded, as what it can hold isn't.
func TestLargeIDIsLoggedInPart(t *testing.T) {
	t.Parallel()

	large := strings.Repeat("ü", 1<<20)

	w, line := serve(t, strings.NewReader(push(`{"notificationType":"ResourceDeleted","resource":{"typeId":"customer","id":"`+large+`"}}`)),
		func() (delivery.Target, error) { return delivery.Target{}, nil })
	if id, _ := line["resource_id"].(string); w.Code != http.StatusServiceUnavailable || id != strings.Repeat("ü", 126)+"…" {
		t.Errorf("status %d, resource_id of %d bytes", w.Code, len(id))
	}
}

func TestLargeProjectIsLoggedInPart(t *testing.T) {
	t.Parallel()

	keeper := &keeper{}

	w, line := serve(t, strings.NewReader(push(`{"notificationType":"ResourceDeleted","projectKey":"`+strings.Repeat("<", 300_000)+`",`+
		`"resource":{"typeId":"customer","id":"c1"}}`)),
		func() (delivery.Target, error) { return delivery.Target{Project: "demo", Parker: keeper}, nil })
	if text, _ := line["error"].(string); w.Code != http.StatusNoContent || len(keeper.parked) != 1 || text == "" || len(text) > 512 {
		t.Errorf("status %d, %d parked, an error of %d bytes", w.Code, len(keeper.parked), len(text))
	}
}
