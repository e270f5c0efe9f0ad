package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// parkedTopic is a Pub/Sub with a topic, or with none for the publisher to reach.
func parkedTopic(t *testing.T, exists bool) (*pstest.Server, *delivery.PubSubParker) {
	t.Helper()

	const topic = "projects/p/topics/parked"

	server := pstest.NewServer()
	t.Cleanup(func() { _ = server.Close() })

	conn, err := grpc.NewClient(server.Addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}

	client, err := pubsub.NewClient(t.Context(), "p", option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = client.Close() })

	if exists {
		if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: topic}); err != nil {
			t.Fatal(err)
		}
	}

	return server, delivery.NewPubSubParker(client.Publisher(topic))
}

func TestPubSubParker(t *testing.T) {
	t.Parallel()

	server, parker := parkedTopic(t, true)
	want := delivery.Parked{Data: []byte(created), Attributes: map[string]string{"reason": "unreadable"}}

	if err := parker.Park(t.Context(), want); err != nil {
		t.Fatal(err)
	}

	messages := server.Messages()
	if len(messages) != 1 {
		t.Fatalf("got %d messages, want 1", len(messages))
	}

	if diff := cmp.Diff(want, delivery.Parked{Data: messages[0].Data, Attributes: messages[0].Attributes}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPubSubParkerFails(t *testing.T) {
	t.Parallel()

	_, parker := parkedTopic(t, false)
	if err := parker.Park(t.Context(), delivery.Parked{Data: []byte(created)}); err == nil {
		t.Error("a message was parked in a topic that doesn't exist")
	}
}

// keeper keeps what is parked, or fails.
type keeper struct {
	parked []delivery.Parked
	err    error
}

func (k *keeper) Park(_ context.Context, p delivery.Parked) error {
	if k.err != nil {
		return k.err
	}

	k.parked = append(k.parked, p)

	return nil
}

// park delivers a body to a handler that gives err, and returns what was parked and the answer.
func park(t *testing.T, body string, err error) (delivery.Parked, int) {
	t.Helper()

	k := &keeper{}
	handler := delivery.NewHandler("CustomerEvents", loggingtest.New(t), func() (delivery.Target, error) {
		return delivery.Target{Project: "demo", Handle: func(context.Context, delivery.Message) error { return err }, Parker: k}, nil
	})
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body)))

	if len(k.parked) != 1 {
		t.Fatalf("parked %d messages, want 1", len(k.parked))
	}

	for _, value := range k.parked[0].Attributes {
		loggingtest.Check(t, value)
	}

	return k.parked[0], w.Code
}

func TestParkedSaysWhy(t *testing.T) {
	t.Parallel()

	refused := &klaviyo.Error{
		Status: 400, Operation: "POST /api/profiles",
		Details: []klaviyo.Detail{{Code: "invalid", Title: "bob@example.org is invalid", Pointer: "/data/attributes/email"}},
	}
	conflict := &klaviyo.Error{
		Status: 409, Operation: "POST /api/profile-import", Details: []klaviyo.Detail{{Code: "duplicate_profile"}},
	}
	about := map[string]string{"origin": "test", "function": "CustomerEvents", "message_id": "m1", "resource": "customer/c1"}
	with := func(more map[string]string) map[string]string {
		all := maps.Clone(about)
		maps.Copy(all, more)

		return all
	}

	tests := []struct {
		name       string
		body, data string
		err        error
		want       map[string]string
	}{
		{"refused by Klaviyo", push(created), created, fmt.Errorf("customer c1: %w", refused), with(map[string]string{
			"reason": "klaviyo_rejected", "klaviyo_status": "400", "klaviyo_code": "invalid", "klaviyo_pointer": "/data/attributes/email",
			"error": "customer c1: klaviyo: POST /api/profiles: status 400 Bad Request; invalid at /data/attributes/email",
		})},
		{"conflict without a pointer", push(created), created, conflict, with(map[string]string{
			"reason": "conflict", "klaviyo_status": "409", "klaviyo_code": "duplicate_profile",
			"error": "klaviyo: POST /api/profile-import: status 409 Conflict; duplicate_profile",
		})},
		{"too large for a proxy", push(created), created, &klaviyo.Error{Status: 413, Operation: "POST /api/events"}, with(map[string]string{
			"reason": "klaviyo_rejected", "klaviyo_status": "413", "error": "klaviyo: POST /api/events: status 413 Request Entity Too Large",
		})},
		{"CloudEvents as published", push(inEvent(created)), inEvent(created), delivery.Unreadable("odd"), with(map[string]string{
			"reason": "unreadable", "error": "delivery: unreadable: odd",
		})},
		{"no readable payload", push("hello"), "hello", nil, map[string]string{
			"origin": "test", "function": "CustomerEvents", "reason": "unreadable", "error": "delivery: unreadable: no JSON at byte 1",
		}},
		{"no readable envelope", "hello", "hello", nil, map[string]string{
			"function": "CustomerEvents", "reason": "unreadable", "error": "delivery: unreadable: no JSON at byte 1",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			got, status := park(t, tt.body, tt.err)
			if status != http.StatusNoContent {
				t.Errorf("status %d, want 204", status)
			}

			if diff := cmp.Diff(delivery.Parked{Data: []byte(tt.data), Attributes: tt.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Pub/Sub refuses a message with one attribute too many, too long or with a reserved name. What is parked has none.
func TestParkedKeepsPubSubsLimits(t *testing.T) {
	t.Parallel()

	var original strings.Builder
	for i := range 120 {
		fmt.Fprintf(&original, `"key%03d":"value",`, i)
	}

	body := fmt.Sprintf(`{"message":{"data":"aGVsbG8=","attributes":{%s"a long value":%q,%q:"a long key","":"no key",`+
		`"googclient_x":"reserved","reason":"of an earlier time"}}}`, original.String(), strings.Repeat("é", 1000), strings.Repeat("k", 257))

	got, _ := park(t, body, nil)
	if len(got.Attributes) != 100 {
		t.Errorf("got %d attributes, want 100", len(got.Attributes))
	}

	for key, value := range got.Attributes {
		if key == "" || len(key) > 256 || len(value) > 1024 || strings.HasPrefix(key, "goog") {
			t.Errorf("attribute %q of %d bytes", key, len(value))
		}
	}

	if long := got.Attributes["a long value"]; long != strings.Repeat("é", 510)+"…" {
		t.Errorf("a long value has %d bytes, want 510 whole characters of 2, and one of 3", len(long))
	}

	if got.Attributes["reason"] != "unreadable" {
		t.Errorf("reason %q, want this one's", got.Attributes["reason"])
	}

	server, parker := parkedTopic(t, true)
	if err := parker.Park(t.Context(), got); err != nil || len(server.Messages()) != 1 {
		t.Errorf("Pub/Sub has %d messages (%v), want 1", len(server.Messages()), err)
	}
}

func TestParkingThatFailsIsNotAcknowledged(t *testing.T) {
	t.Parallel()

	// The reason is a label of a metric, and stays what it would be.
	for parking, parker := range map[string]delivery.Parker{"failed": &keeper{err: errors.New("no topic")}, "not_configured": nil} {
		t.Run(parking, func(t *testing.T) {
			t.Parallel()

			w, line := serve(t, strings.NewReader("hello"), func() (delivery.Target, error) {
				return delivery.Target{Project: "demo", Handle: func(context.Context, delivery.Message) error { return nil }, Parker: parker}, nil
			})

			if w.Code != http.StatusServiceUnavailable || line["outcome"] != "later" || line["reason"] != "unreadable" || line["parking"] != parking {
				t.Errorf("status %d, logged %v; want 503, later, unreadable, and parking %s", w.Code, line, parking)
			}
		})
	}
}
