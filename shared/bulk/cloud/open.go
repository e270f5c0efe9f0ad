package cloud

import (
	"context"
	"errors"
	"fmt"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/firestore"

	"github.com/ctklaviyo/connector/shared/settings"
)

// Open returns the store and the queue that the settings name, with clients of their own for as long as the process
// lives. It finds the credentials, but makes no call.
func Open(ctx context.Context, s settings.Sync) (*Store, *Queue, error) {
	docs, err := firestore.NewClientWithDatabase(ctx, s.Project, s.Database)
	if err != nil {
		return nil, nil, fmt.Errorf("opening Firestore: %w", err)
	}

	tasks, err := cloudtasks.NewClient(ctx)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("opening Cloud Tasks: %w", err), docs.Close())
	}

	to := Target{Queue: string(s.Queue), URL: string(s.WorkerURL), ServiceAccount: s.ServiceAccount}

	return NewStore(docs), NewQueue(tasks, to), nil
}
