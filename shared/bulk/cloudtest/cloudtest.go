// Package cloudtest gives tests a Firestore database and a Cloud Tasks queue of their own, in the emulators.
package cloudtest

import (
	"context"
	"testing"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore"
	"github.com/google/uuid"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/ctklaviyo/connector/shared/bulk/cloud"
	"github.com/ctklaviyo/connector/shared/emulatortest"
)

// Project returns the id of a project that nobody else uses: a Firestore database of one's own.
func Project() string { return "test-" + uuid.NewString() }

// Database returns a client of a project's database in the Firestore emulator.
func Database(t *testing.T, project string, opts ...grpc.DialOption) *firestore.Client {
	t.Helper()

	conn := dial(t, emulatortest.Firestore(t), opts...)

	client, err := firestore.NewClient(context.WithoutCancel(t.Context()), project, option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}

	return client
}

// Queue creates a queue in the Cloud Tasks emulator, and returns it as a target that delivers to url.
func Queue(t *testing.T, url string) cloud.Target {
	t.Helper()

	const location = "projects/test/locations/here"

	queue, err := Tasks(t).CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{
		Parent: location,
		Queue: &cloudtaskspb.Queue{
			Name: location + "/queues/" + uuid.NewString(),
			RateLimits: &cloudtaskspb.RateLimits{
				MaxDispatchesPerSecond: 500, MaxConcurrentDispatches: 8,
			},
			RetryConfig: &cloudtaskspb.RetryConfig{
				MaxAttempts: 1000, MinBackoff: durationpb.New(50 * time.Millisecond), MaxBackoff: durationpb.New(200 * time.Millisecond),
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}

	return cloud.Target{Queue: queue.GetName(), URL: url, ServiceAccount: "tasks@test.iam.gserviceaccount.com"}
}

// Tasks returns a client of the Cloud Tasks emulator.
func Tasks(t *testing.T, opts ...grpc.DialOption) *cloudtasks.Client {
	t.Helper()

	client, err := cloudtasks.NewClient(context.WithoutCancel(t.Context()),
		option.WithGRPCConn(dial(t, emulatortest.CloudTasks(t), opts...)))
	if err != nil {
		t.Fatal(err)
	}

	return client
}

// dial connects to an emulator, which has neither TLS nor credentials.
func dial(t *testing.T, addr string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()

	conn, err := grpc.NewClient("passthrough:///"+addr,
		append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = conn.Close() })

	return conn
}
