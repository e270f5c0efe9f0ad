package delivery_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

const (
	created = `{"notificationType":"Message","projectKey":"demo","id":"m1","version":1,"sequenceNumber":7,` +
		`"resource":{"typeId":"customer","id":"c1"},"resourceVersion":3,"createdAt":"2026-01-02T03:04:05.678Z",` +
		`"type":"CustomerCreated","customer":{"id":"c1"}}`
	updated = `{"notificationType":"ResourceUpdated","projectKey":"demo","resource":{"typeId":"customer","id":"c1"},` +
		`"version":4,"oldVersion":3,"modifiedAt":"2026-01-02T03:04:05.678Z"}`
	tooLarge = `{"notificationType":"Message","projectKey":"demo","id":"m1","version":1,"sequenceNumber":7,` +
		`"resource":{"typeId":"customer","id":"c1"},"resourceVersion":3,"createdAt":"2026-01-02T03:04:05.678Z",` +
		`"payloadNotIncluded":{"reason":"Payload too large.","payloadType":"CustomerCreated"}}`
	listed = `{"id":"m1","version":1,"sequenceNumber":7,"resource":{"typeId":"customer","id":"c1"},"resourceVersion":3,` +
		`"createdAt":"2026-01-02T03:04:05.678Z","type":"CustomerCreated","customer":{"id":"c1"}}`
)

// push is a Pub/Sub push request with data.
func push(data string) string {
	body, err := json.Marshal(map[string]any{
		"message": map[string]any{
			"data": []byte(data), "messageId": "p1", "message_id": "p1",
			"attributes": map[string]string{"origin": "test"}, "publishTime": "2026-01-02T03:04:06Z",
		},
		"subscription": "projects/p/subscriptions/s", "deliveryAttempt": 2,
	})
	if err != nil {
		panic(err)
	}

	return string(body)
}

// inEvent is a payload in commercetools' CloudEvents format.
func inEvent(payload string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"m1","type":"com.commercetools.customer.message.CustomerCreated",`+
		`"source":"/demo/customers","subject":"c1","time":"2026-01-02T03:04:05.678Z","data":%s}`, payload)
}

// structured is a CloudEvent around data, as Eventarc has it.
func structured(data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"p1","type":"google.cloud.pubsub.topic.v1.messagePublished",`+
		`"source":"//pubsub.googleapis.com/projects/p/topics/t","datacontenttype":"application/json","data":%s}`, data)
}

func binaryHeader() http.Header {
	return http.Header{
		"Content-Type":   {"application/json"},
		"Ce-Specversion": {"1.0"},
		"Ce-Id":          {"p1"},
		"Ce-Type":        {"google.cloud.pubsub.topic.v1.messagePublished"},
		"Ce-Source":      {"//pubsub.googleapis.com/projects/p/topics/t"},
	}
}

// deliver posts a body and returns what the handler was given, nil for nothing, and the answer.
func deliver(ctx context.Context, log *slog.Logger, header http.Header, body string) (*delivery.Message, int) {
	var got *delivery.Message

	handler := delivery.NewHandler("Test", log, func() (delivery.Target, error) {
		return delivery.Target{Project: "demo", Handle: func(_ context.Context, m delivery.Message) error {
			got = &m

			return nil
		}}, nil
	})

	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(body))
	maps.Copy(req.Header, header)

	w := httptest.NewRecorder()
	handler(w, req)

	return got, w.Code
}

func TestEveryEnvelopeGivesTheMessage(t *testing.T) {
	t.Parallel()

	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	customer := commercetools.Reference{TypeID: "customer", ID: "c1"}
	message := delivery.Message{
		NotificationType: "Message", Type: "CustomerCreated", ID: "m1", ProjectKey: "demo", Resource: customer,
		ResourceVersion: 3, CreatedAt: at, PayloadIncluded: true,
	}
	update := delivery.Message{
		NotificationType: "ResourceUpdated", ProjectKey: "demo", Resource: customer, CreatedAt: at, PayloadIncluded: true,
	}
	large, list := message, message
	large.PayloadIncluded = false
	list.ProjectKey = ""

	withMessage := strings.Replace(created, `"type"`, `"message":"hello","type"`, 1)
	json1 := http.Header{"Content-Type": {"application/json"}}
	events := http.Header{"Content-Type": {"application/cloudevents+json; charset=utf-8"}}

	tests := []struct {
		name    string
		header  http.Header
		body    string
		payload string
		want    delivery.Message
	}{
		{"push, Platform", json1, push(created), created, message},
		{"push, CloudEvents", json1, push(inEvent(created)), created, message},
		{"push without content type", nil, push(created), created, message},
		{"push, change", json1, push(updated), updated, update},
		{"push, change in CloudEvents", json1, push(inEvent(updated)), updated, update},
		{"push, payload not included", json1, push(tooLarge), tooLarge, large},
		{"binary event, push, Platform", binaryHeader(), push(created), created, message},
		{"binary event, push, CloudEvents", binaryHeader(), push(inEvent(created)), created, message},
		{"binary event, Platform", binaryHeader(), created, created, message},
		{"structured event, push, Platform", events, structured(push(created)), created, message},
		{"structured event, push, CloudEvents", events, structured(push(inEvent(created))), created, message},
		{"structured event, Platform", events, structured(created), created, message},
		{"commercetools' event posted as an event", events, inEvent(created), created, message},
		{"commercetools' event posted as JSON", json1, inEvent(created), created, message},
		{"Platform posted as it is", nil, created, created, message},
		{"Platform with a field called message", nil, withMessage, withMessage, message},
		{"a message of the Messages API", nil, listed, listed, list},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			got, status := deliver(t.Context(), loggingtest.New(t), tt.header, tt.body)
			if got == nil || status != http.StatusNoContent {
				t.Fatalf("status %d, message %v, want 204 and a message", status, got)
			}

			if diff := cmp.Diff(tt.want, *got, cmpopts.IgnoreFields(delivery.Message{}, "Raw")); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}

			var gotRaw, wantRaw any
			if json.Unmarshal(got.Raw, &gotRaw) != nil || json.Unmarshal([]byte(tt.payload), &wantRaw) != nil || !cmp.Equal(wantRaw, gotRaw) {
				t.Errorf("raw %s, want %s", got.Raw, tt.payload)
			}
		})
	}
}

// Without a parker what can't be read is answered by 503; so 204 here means that there was nothing to do.
func TestNothingReachesTheHandler(t *testing.T) {
	t.Parallel()

	const unreadable, nothingToDo = http.StatusServiceUnavailable, http.StatusNoContent

	events := http.Header{"Content-Type": {"application/cloudevents+json"}}

	tests := []struct {
		name   string
		header http.Header
		body   string
		want   int
	}{
		{"test notification", nil, push(`{"notificationType":"ResourceCreated","projectKey":"demo","resource":{"typeId":"subscription","id":"s1"},"version":1}`), nothingToDo},
		{"test notification in CloudEvents", nil, push(inEvent(`{"notificationType":"ResourceCreated","resource":{"typeId":"subscription","id":"s1"}}`)), nothingToDo},
		{"event notification", nil, push(`{"id":"e1","notificationType":"Event","type":"ImportContainerCreated","resourceType":"import-api","data":{}}`), nothingToDo},

		{"empty body", nil, "", unreadable},
		{"no JSON", nil, "hello", unreadable},
		{"two documents", nil, push(created) + push(created), unreadable},
		{"null", nil, "null", unreadable},
		{"list", nil, "[]", unreadable},
		{"empty object", nil, "{}", unreadable},
		{"push without data", nil, `{"message":{"messageId":"p1","attributes":{"a":"b"}}}`, unreadable},
		{"push with empty data", nil, push(""), unreadable},
		{"push with null", nil, `{"message":null}`, unreadable},
		{"push with data that is not base64", nil, `{"message":{"data":"%%"}}`, unreadable},
		{"push with a message that is none", nil, `{"message":"hello"}`, unreadable},
		{"push with data that is no JSON", nil, push("hello"), unreadable},
		{"push with null as data", nil, push("null"), unreadable},
		{"push in a push", nil, push(push(created)), unreadable},
		{"no resource", nil, push(`{"notificationType":"Message","type":"CustomerCreated"}`), unreadable},
		{"resource without id", nil, push(`{"notificationType":"Message","type":"CustomerCreated","resource":{"typeId":"customer"}}`), unreadable},
		{"resource without type", nil, push(`{"notificationType":"Message","type":"CustomerCreated","resource":{"id":"c1"}}`), unreadable},
		{"resource that is none", nil, push(`{"notificationType":"Message","type":"CustomerCreated","resource":"c1"}`), unreadable},
		{"no type at all", nil, push(`{"resource":{"typeId":"customer","id":"c1"}}`), unreadable},
		{"version that is no number", nil, push(`{"notificationType":"Message","resource":{"typeId":"customer","id":"c1"},"resourceVersion":"1"}`), unreadable},
		{"time that is none", nil, push(`{"notificationType":"Message","resource":{"typeId":"customer","id":"c1"},"createdAt":"now"}`), unreadable},
		{"CloudEvents without data", nil, push(`{"specversion":"1.0","id":"m1"}`), unreadable},
		{"CloudEvents in CloudEvents", nil, push(inEvent(inEvent(created))), unreadable},
		{"structured event that is no JSON", events, "hello", unreadable},
		{"structured event without data", events, `{"specversion":"1.0","id":"p1","type":"t","source":"s"}`, unreadable},
		{"batch of events", http.Header{"Content-Type": {"application/cloudevents-batch+json"}}, "[" + structured(created) + "]", unreadable},
		{"binary event without data", binaryHeader(), "", unreadable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			got, status := deliver(t.Context(), loggingtest.New(t), tt.header, tt.body)
			if got != nil || status != tt.want {
				t.Errorf("status %d, message %v, want %d and none", status, got, tt.want)
			}
		})
	}
}
