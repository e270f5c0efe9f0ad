package cloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// errConflict says that a document is no longer as it was read.
var errConflict = errors.New("somebody else has written in the meantime")

// again repeats an attempt to read, change and write until it meets no conflict. The context ends it.
func again(ctx context.Context, attempt func() error) error {
	backoff := gax.Backoff{Initial: 20 * time.Millisecond, Max: time.Second, Multiplier: 2}

	for {
		err := attempt()
		if !errors.Is(err, errConflict) {
			return err
		}

		if gax.Sleep(ctx, backoff.Pause()) != nil {
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// get reads a document. One that does not exist is the zero D; the snapshot tells.
func get[D any](
	ctx context.Context, s *Store, ref *firestore.DocumentRef,
) (doc D, snap *firestore.DocumentSnapshot, err error) {
	snaps, err := s.client.GetAll(ctx, []*firestore.DocumentRef{ref})
	if err != nil {
		return doc, nil, fmt.Errorf("reading %s: %w", ref.ID, err)
	}

	if snaps[0].Exists() {
		if err := snaps[0].DataTo(&doc); err != nil {
			return doc, nil, fmt.Errorf("document %s: %w", ref.ID, err)
		}
	}

	return doc, snaps[0], nil
}

// commit writes documents in one step. The transaction reads nothing, and so holds no lock; whether it may be
// tried again is for the caller to say, who knows what was read.
func (s *Store) commit(ctx context.Context, name string, writes func(*firestore.Transaction) error) error {
	err := s.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		return writes(tx)
	}, firestore.MaxAttempts(1))
	if err != nil {
		return writeError(name, err)
	}

	return nil
}

// writeError tells a conflict, and what Firestore will never take, from other errors. Aborted is contention: too many writers
// at one document.
func writeError(name string, err error) error {
	switch status.Code(err) {
	case codes.AlreadyExists, codes.FailedPrecondition, codes.Aborted:
		return fmt.Errorf("writing %s: %w: %w", name, errConflict, err)
	case codes.InvalidArgument: // too large, say
		return &bulk.FatalError{Reason: fmt.Sprintf("writing %s: %v", name, err)}
	default:
		return fmt.Errorf("writing %s: %w", name, err)
	}
}
