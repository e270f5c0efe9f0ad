package bulktest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
)

// NewStore returns an empty store in a file, which ends with the test.
func NewStore(t *testing.T) *embedded.Store {
	t.Helper()

	store, err := embedded.Open(filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})

	return store
}

// Queue is a bulk.Queue that keeps its tasks, and delivers none: that is up to the test.
type Queue struct {
	mu    sync.Mutex
	tasks []bulk.Task
}

// Enqueue implements bulk.Queue.
func (q *Queue) Enqueue(_ context.Context, t bulk.Task, _ time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()

	q.tasks = append(q.tasks, t)

	return nil
}

// Next takes the task out of the queue that has been there for longest, if there is any.
func (q *Queue) Next() (t bulk.Task, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()

	if len(q.tasks) > 0 {
		t, q.tasks, ok = q.tasks[0], q.tasks[1:], true
	}

	return t, ok
}

// Take takes all tasks out of the queue.
func (q *Queue) Take() []bulk.Task {
	q.mu.Lock()
	defer q.mu.Unlock()

	tasks := q.tasks
	q.tasks = nil

	return tasks
}
