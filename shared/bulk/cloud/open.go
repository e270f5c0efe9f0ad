package cloud

import (
	"context"
	"errors"
	"fmt"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/firestore"
)

// Open returns the store in a project's Firestore database and the queue to the target, with clients of their own for as
// long as the process lives. It finds the credentials, but makes no call.
func Open(ctx context.Context, project, database string, to Target) (*Store, *Queue, error) {
	docs, err := firestore.NewClientWithDatabase(ctx, project, database)
	if err != nil {
		return nil, nil, fmt.Errorf("opening Firestore: %w", err)
	}

	tasks, err := cloudtasks.NewClient(ctx)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("opening Cloud Tasks: %w", err), docs.Close())
	}

	return NewStore(docs), NewQueue(tasks, to), nil
}
