package cloud_test

import (
	"context"
	"testing"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ctklaviyo/connector/shared/emulatortest"
)

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

// database returns a client of an empty database in the Firestore emulator.
func database(t *testing.T, opts ...grpc.DialOption) *firestore.Client {
	t.Helper()

	conn := dial(t, emulatortest.Firestore(t), opts...)

	client, err := firestore.NewClient(context.WithoutCancel(t.Context()), "test-"+uuid.NewString(), option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}

	return client
}
