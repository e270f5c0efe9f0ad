package delivery_test

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ctklaviyo/connector/shared/delivery"
)

const (
	parkedSubscription = "projects/p/subscriptions/parked"
	// soon is how long a test waits for another message: the fake answers after half a second when there is none.
	soon = 1500 * time.Millisecond
)

// withParked is a Pub/Sub with so many parked messages, "0", "1" and so on.
func withParked(t *testing.T, n int) (*pstest.Server, *pubsub.Client) {
	t.Helper()

	server, parker := parkedTopic(t, true)
	client := connect(t, server.Addr)

	_, err := client.SubscriptionAdminClient.CreateSubscription(t.Context(), &pubsubpb.Subscription{
		Name: parkedSubscription, Topic: "projects/p/topics/parked", AckDeadlineSeconds: 600,
	})
	if err != nil {
		t.Fatal(err)
	}

	for i := range n {
		if err := parker.Park(t.Context(), delivery.Parked{Data: []byte(strconv.Itoa(i)), Attributes: map[string]string{"reason": "conflict"}}); err != nil {
			t.Fatal(err)
		}
	}

	return server, client
}

func connect(t *testing.T, addr string, opts ...grpc.DialOption) *pubsub.Client {
	t.Helper()

	conn, err := grpc.NewClient(addr, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}

	client, err := pubsub.NewClient(t.Context(), "p", option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = client.Close() })

	return client
}

// read reads up to limit messages, and returns the reader and what they say.
func read(t *testing.T, client *pubsub.Client, limit int) (*delivery.ParkedSubscription, []delivery.Kept) {
	t.Helper()

	s := delivery.NewParkedSubscription(client, parkedSubscription)
	t.Cleanup(func() { _ = s.Close() })

	kept, err := s.Read(t.Context(), limit, soon)
	if err != nil {
		t.Fatal(err)
	}

	return s, kept
}

func giveBack(t *testing.T, s *delivery.ParkedSubscription) {
	t.Helper()

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// expect fails unless kept holds exactly these messages in this order.
func expect(t *testing.T, kept []delivery.Kept, want ...string) {
	t.Helper()

	var got []string
	for _, k := range kept {
		got = append(got, string(k.Data))
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadConsumesNothing(t *testing.T) {
	t.Parallel()

	server, client := withParked(t, 3)

	first, kept := read(t, client, 10)
	expect(t, kept, "0", "1", "2")

	for i, m := range server.Messages() {
		if kept[i].ID != m.ID || !kept[i].At.Equal(m.PublishTime) || kept[i].Attributes["reason"] != "conflict" {
			t.Errorf("message %d: got %+v, want the id, time and attributes of %+v", i, kept[i], m)
		}
	}

	// Nobody else sees them meanwhile, and everybody at once after.
	_, kept = read(t, client, 10)
	expect(t, kept)
	giveBack(t, first)

	_, kept = read(t, client, 10)
	expect(t, kept, "0", "1", "2")
}

func TestReadNoMoreThan(t *testing.T) {
	t.Parallel()

	_, client := withParked(t, 3)

	s, kept := read(t, client, 2)

	// A second call goes on.
	rest, err := s.Read(t.Context(), 2, soon)
	if err != nil {
		t.Fatal(err)
	}

	if len(kept) != 2 || len(rest) != 1 {
		t.Errorf("read %d messages and then %d, want 2 and 1", len(kept), len(rest))
	}

	// Pub/Sub may give any two of them first.
	all := slices.SortedFunc(slices.Values(append(kept, rest...)), func(a, b delivery.Kept) int { return a.At.Compare(b.At) })
	expect(t, all, "0", "1", "2")
}

func TestRemove(t *testing.T) {
	t.Parallel()

	server, client := withParked(t, 3)
	s, kept := read(t, client, 10)

	if err := s.Remove(t.Context(), kept[1].ID); err != nil {
		t.Fatal(err)
	}

	giveBack(t, s)

	_, kept = read(t, client, 10)
	expect(t, kept, "0", "2")

	if m := server.Messages()[1]; m.Acks != 1 {
		t.Errorf("the message was acknowledged %d times, want once", m.Acks)
	}
}

// A reader that is interrupted gives everything back.
func TestReadInterrupted(t *testing.T) {
	t.Parallel()

	server, client := withParked(t, 2)
	ctx, cancel := context.WithCancel(t.Context())

	var pulls atomic.Int64

	// What has come by then is held. A pull that is under way might take messages with it.
	interrupting := func(
		ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		if strings.HasSuffix(method, "/Pull") && pulls.Add(1) == 2 {
			cancel()
		}

		return invoke(ctx, method, req, reply, cc, opts...)
	}

	s := delivery.NewParkedSubscription(connect(t, server.Addr, grpc.WithUnaryInterceptor(interrupting)), parkedSubscription)

	if kept, err := s.Read(ctx, 10, time.Hour); err == nil {
		t.Errorf("read %d messages, want that it was interrupted", len(kept))
	}

	giveBack(t, s)

	_, kept := read(t, client, 10)
	expect(t, kept, "0", "1")
}

// What can't be reached isn't empty.
func TestReadFails(t *testing.T) {
	t.Parallel()

	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = silent.Close() })

	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	_ = closed.Close()

	server, _ := parkedTopic(t, true)

	for name, addr := range map[string]string{
		"nobody answers": silent.Addr().String(), "nobody is there": closed.Addr().String(), "no such subscription": server.Addr,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := delivery.NewParkedSubscription(connect(t, addr), parkedSubscription)
			if kept, err := s.Read(t.Context(), 10, soon); err == nil {
				t.Errorf("read %d messages, want an error", len(kept))
			}

			giveBack(t, s)
		})
	}
}
