package delivery

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

const (
	// leaseSeconds is how long Pub/Sub hides a message from others after its lease was taken or renewed; also when this
	// process dies.
	leaseSeconds = 60
	// renewEvery leaves two more tries before a lease ends.
	renewEvery = leaseSeconds / 3 * time.Second
	// maxPull is the most that Pub/Sub gives at once; as many ids of some 200 bytes also fit in its largest request, 512 KiB.
	maxPull = 1000
	// pauseEmpty is the pause after an empty answer. Pub/Sub waits by itself before it gives one, the emulator doesn't.
	pauseEmpty = 100 * time.Millisecond
	// closeTime bounds giving everything back.
	closeTime = 10 * time.Second
)

// Kept is a parked message where it is kept.
type Kept struct {
	Parked

	// ID names the message there. Pub/Sub's id: it stays the same in every delivery.
	ID string
	// At is when it was parked.
	At time.Time
}

// ParkedSubscription reads the messages of the parked topic through a pull subscription. What it has read is hidden from
// others until Close gives it back; only Remove takes a message out. If the process dies, the messages are back within a
// minute.
type ParkedSubscription struct {
	client subscriptions
	name   string
	stop   context.CancelFunc
	ended  sync.WaitGroup

	mu sync.Mutex
	// held are the acknowledgement ids of the messages that were read, by the messages' ids.
	held map[string]string
}

// subscriptions are the calls of Pub/Sub's API that are made here. Receive, the client library's way, would start over
// with every message that is given back, and its acknowledgements don't tell whether they arrived.
type subscriptions interface {
	Pull(ctx context.Context, req *pubsubpb.PullRequest, o ...gax.CallOption) (*pubsubpb.PullResponse, error)
	Acknowledge(ctx context.Context, req *pubsubpb.AcknowledgeRequest, o ...gax.CallOption) error
	ModifyAckDeadline(ctx context.Context, req *pubsubpb.ModifyAckDeadlineRequest, o ...gax.CallOption) error
}

// NewParkedSubscription returns a reader of the client's subscription projects/PROJECT/subscriptions/SUBSCRIPTION. It has
// to be closed.
func NewParkedSubscription(client *pubsub.Client, name string) *ParkedSubscription {
	return newParkedSubscription(client.SubscriptionAdminClient, name)
}

// OpenParkedSubscription is NewParkedSubscription with a Pub/Sub client of its own for as long as the process lives. It
// finds the credentials, but makes no call.
func OpenParkedSubscription(ctx context.Context, name string) (*ParkedSubscription, error) {
	client, err := pubSub(ctx, name)
	if err != nil {
		return nil, err
	}

	return NewParkedSubscription(client, name), nil //nolint:contextcheck // it renews its leases until Close
}

func newParkedSubscription(client subscriptions, name string) *ParkedSubscription {
	ctx, stop := context.WithCancel(context.Background())
	s := &ParkedSubscription{client: client, name: name, stop: stop, held: map[string]string{}}
	s.ended.Go(func() { s.renew(ctx) })

	return s
}

// Read returns up to limit messages that it has not returned before, the oldest first. Pub/Sub doesn't tell when a
// subscription is empty: it is taken for empty when nothing has come for the time of wait.
func (s *ParkedSubscription) Read(ctx context.Context, limit int, wait time.Duration) ([]Kept, error) {
	var all []Kept

	for len(all) < limit {
		some, err := s.pull(ctx, min(limit-len(all), maxPull), wait)
		if err != nil {
			return nil, fmt.Errorf("delivery: reading %s: %w", s.name, err)
		}

		if len(some) == 0 {
			break
		}

		all = append(all, some...)
	}

	slices.SortStableFunc(all, func(a, b Kept) int { return a.At.Compare(b.At) })

	return all, nil
}

// pull waits for at least one new message, and returns none when none has come.
func (s *ParkedSubscription) pull(ctx context.Context, most int, wait time.Duration) ([]Kept, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()

	// reached tells an empty subscription from a server that doesn't answer. There are no retries, so that a failure that
	// lasts doesn't pass for either.
	reached := false

	for {
		var server peer.Peer

		//nolint:gosec // at most maxPull
		resp, err := s.client.Pull(waiting, &pubsubpb.PullRequest{Subscription: s.name, MaxMessages: int32(most)},
			gax.WithGRPCOptions(grpc.Peer(&server)), gax.WithRetry(func() gax.Retryer { return nil }))
		reached = reached || err == nil || server.Addr != nil

		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case status.Code(err) == codes.DeadlineExceeded && reached:
			return nil, nil
		case err != nil:
			return nil, err
		}

		if fresh := s.hold(resp.GetReceivedMessages()); len(fresh) > 0 {
			return fresh, s.lease(ctx, leaseSeconds)
		}

		if gax.Sleep(waiting, pauseEmpty) != nil {
			return nil, ctx.Err()
		}
	}
}

// hold remembers what has been received, and returns what is new. A message comes again when its lease has run out, with
// another id for its acknowledgement.
func (s *ParkedSubscription) hold(received []*pubsubpb.ReceivedMessage) []Kept {
	s.mu.Lock()
	defer s.mu.Unlock()

	var fresh []Kept

	for _, r := range received {
		m := r.GetMessage()
		if _, known := s.held[m.GetMessageId()]; !known {
			fresh = append(fresh, Kept{
				Parked: Parked{Data: m.GetData(), Attributes: m.GetAttributes()},
				ID:     m.GetMessageId(),
				At:     m.GetPublishTime().AsTime(),
			})
		}

		s.held[m.GetMessageId()] = r.GetAckId()
	}

	return fresh
}

// Where is the subscription's name.
func (s *ParkedSubscription) Where() string { return s.name }

// Remove takes a message out for good: one that Read has returned, once.
func (s *ParkedSubscription) Remove(ctx context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	err := s.client.Acknowledge(ctx, &pubsubpb.AcknowledgeRequest{Subscription: s.name, AckIds: []string{s.held[id]}})
	if err != nil {
		return fmt.Errorf("delivery: taking %s out of %s: %w", id, s.name, err)
	}

	delete(s.held, id)

	return nil
}

// Close gives back what was read and not removed, so that it can be read again at once.
func (s *ParkedSubscription) Close() error {
	s.stop()
	s.ended.Wait()

	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()

	if err := s.lease(ctx, 0); err != nil {
		return fmt.Errorf("delivery: giving back to %s: %w", s.name, err)
	}

	return nil
}

// renew keeps the leases alive.
func (s *ParkedSubscription) renew(ctx context.Context) {
	for gax.Sleep(ctx, renewEvery) == nil {
		// One that fails has two more tries; then another reader may get the message too, which does no harm.
		_ = s.lease(ctx, leaseSeconds)
	}
}

// lease hides the messages held from others for so many seconds from now; 0 gives them back.
func (s *ParkedSubscription) lease(ctx context.Context, seconds int32) error {
	s.mu.Lock()
	ids := slices.Collect(maps.Values(s.held))
	s.mu.Unlock()

	for some := range slices.Chunk(ids, maxPull) {
		err := s.client.ModifyAckDeadline(ctx, &pubsubpb.ModifyAckDeadlineRequest{
			Subscription: s.name, AckIds: some, AckDeadlineSeconds: seconds,
		})
		if err != nil {
			return err
		}
	}

	return nil
}
