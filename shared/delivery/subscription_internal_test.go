package delivery

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/googleapis/gax-go/v2"
)

// leases is a subscription with one message. It notes until when the message is hidden, and whether it ever came to light.
type leases struct {
	mu     sync.Mutex
	until  time.Time
	lapsed bool
}

func (l *leases) Pull(context.Context, *pubsubpb.PullRequest, ...gax.CallOption) (*pubsubpb.PullResponse, error) {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.until = time.Now().Add(10 * time.Second) // The shortest that a subscription can have.

	return &pubsubpb.PullResponse{ReceivedMessages: []*pubsubpb.ReceivedMessage{{
		AckId: "a1", Message: &pubsubpb.PubsubMessage{MessageId: "1"},
	}}}, nil
}

func (l *leases) ModifyAckDeadline(_ context.Context, req *pubsubpb.ModifyAckDeadlineRequest, _ ...gax.CallOption) error {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.lapsed = l.lapsed || len(req.GetAckIds()) != 1 || !time.Now().Before(l.until)
	l.until = time.Now().Add(time.Duration(req.GetAckDeadlineSeconds()) * time.Second)

	return nil
}

func (*leases) Acknowledge(context.Context, *pubsubpb.AcknowledgeRequest, ...gax.CallOption) error {
	return nil
}

// A replay may take hours. What was read stays hidden from others to the end, and is back at once then.
func TestLeaseIsRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &leases{}
		s := newParkedSubscription(l, "projects/p/subscriptions/parked")

		if kept, err := s.Read(t.Context(), 1, time.Second); err != nil || len(kept) != 1 {
			t.Fatalf("read %d messages (%v), want 1", len(kept), err)
		}

		time.Sleep(3 * time.Hour)

		if err := s.Close(); err != nil {
			t.Fatal(err)
		}

		if l.lapsed || l.until.After(time.Now()) {
			t.Errorf("lapsed meanwhile: %t; hidden until %v, closed at %v", l.lapsed, l.until, time.Now())
		}
	})
}
