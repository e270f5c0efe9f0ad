package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ctklaviyo/connector/shared/bulk"
)

const (
	// deadline is how long Cloud Tasks waits for the worker's answer: its default, said aloud because bulk.Lease and the
	// worker's own time limit are measured by it.
	deadline = 10 * time.Minute
	// patience bounds one Enqueue with all its attempts. After it the caller hands its own task back, which is safe:
	// names make a second Enqueue harmless.
	patience = 20 * time.Second
)

// Target says where tasks go, and as whom.
type Target struct {
	// Queue is projects/P/locations/L/queues/Q.
	Queue string
	// URL is BulkWorker's. It is the audience of the token, too, so it has no path unless the service's own URL has one.
	URL string
	// ServiceAccount is the address of the account that may invoke BulkWorker; whoever enqueues needs actAs on it.
	ServiceAccount string
}

// Queue is a bulk.Queue in Cloud Tasks.
type Queue struct {
	client *cloudtasks.Client
	target Target
}

// NewQueue returns a Queue that delivers to the target. Closing the client is the caller's.
func NewQueue(client *cloudtasks.Client, target Target) *Queue {
	return &Queue{client: client, target: target}
}

// Enqueue implements bulk.Queue.
func (q *Queue) Enqueue(ctx context.Context, t bulk.Task, after time.Duration) error {
	var at time.Time
	if after > 0 {
		at = time.Now().Add(after) //nolint:forbidigo // a queue has a clock
	}

	req, err := createTask(q.target, t, at)
	if err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	// The client repeats most calls by itself, but not this one, since without a name it would double tasks.
	_, err = q.client.CreateTask(ctx, req, gax.WithRetry(func() gax.Retryer {
		return gax.OnCodes(
			[]codes.Code{codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Internal},
			gax.Backoff{Initial: 100 * time.Millisecond, Max: 5 * time.Second, Multiplier: 2},
		)
	}))
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return fmt.Errorf("enqueueing task %s: %w", t.Name(), err)
	}

	return nil
}

// createTask is the request for a task that is delivered at the given time; the zero time is at once.
func createTask(to Target, t bulk.Task, at time.Time) (*cloudtaskspb.CreateTaskRequest, error) {
	body, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("task %s: %w", t.Name(), err)
	}

	task := &cloudtaskspb.Task{
		Name:             to.Queue + "/tasks/" + t.Name(),
		DispatchDeadline: durationpb.New(deadline),
		MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
			HttpMethod: cloudtaskspb.HttpMethod_POST,
			Url:        to.URL,
			Headers:    map[string]string{"Content-Type": "application/json"},
			Body:       body,
			AuthorizationHeader: &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{
				ServiceAccountEmail: to.ServiceAccount,
				Audience:            to.URL,
			}},
		}},
	}

	if !at.IsZero() {
		task.ScheduleTime = timestamppb.New(at)
	}

	return &cloudtaskspb.CreateTaskRequest{Parent: to.Queue, Task: task}, nil
}
