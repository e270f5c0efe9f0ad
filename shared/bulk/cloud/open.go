package cloud

import (
	"context"
	"errors"
	"fmt"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ctklaviyo/connector/shared/settings"
)

// Open returns the store and the queue that the settings name, with clients of their own for as long as the process
// lives. It finds the credentials, which emulators don't need, but makes no call.
func Open(ctx context.Context, s settings.Sync) (*Store, *Queue, error) {
	docs, err := firestore.NewClientWithDatabase(ctx, s.Project, s.Database)
	if err != nil {
		return nil, nil, fmt.Errorf("opening Firestore: %w", err)
	}

	var options []option.ClientOption
	if s.TasksEmulator != "" {
		options = append(options, option.WithEndpoint(s.TasksEmulator), option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	}

	tasks, err := cloudtasks.NewClient(ctx, options...)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("opening Cloud Tasks: %w", err), docs.Close())
	}

	to := Target{Queue: string(s.Queue), URL: string(s.WorkerURL), ServiceAccount: s.ServiceAccount}

	return NewStore(docs), NewQueue(tasks, to), nil
}
