package cloud

import (
	"regexp"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ctklaviyo/connector/shared/bulk"
)

func TestCreateTask(t *testing.T) {
	t.Parallel()

	const queue = "projects/p/locations/l/queues/q"

	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	to := Target{Queue: queue, URL: "https://worker.example", ServiceAccount: "tasks@p.iam.gserviceaccount.com"}
	task := bulk.Task{
		Run: "0198c7a1-6f5e-7c0d-b3a4-1f2e3d4c5b6a", Epoch: 2, Resource: bulk.Customers, Shard: 3, Cursor: "c", Page: 4,
	}

	got, err := createTask(to, task, at)
	if err != nil {
		t.Fatal(err)
	}

	want := &cloudtaskspb.CreateTaskRequest{Parent: queue, Task: &cloudtaskspb.Task{
		Name: queue + "/tasks/" + task.Name(),
		MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
			Url:        "https://worker.example",
			HttpMethod: cloudtaskspb.HttpMethod_POST,
			Headers:    map[string]string{"Content-Type": "application/json"},
			Body: []byte(`{"run":"0198c7a1-6f5e-7c0d-b3a4-1f2e3d4c5b6a","epoch":2,"resource":"customers",` +
				`"shard":3,"cursor":"c","page":4}`),
			AuthorizationHeader: &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{
				ServiceAccountEmail: "tasks@p.iam.gserviceaccount.com", Audience: "https://worker.example",
			}},
		}},
		ScheduleTime:     timestamppb.New(at),
		DispatchDeadline: durationpb.New(10 * time.Minute),
	}}

	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}

	// Cloud Tasks takes no other names.
	if name := regexp.MustCompile(`^[A-Za-z0-9_-]{1,500}$`); !name.MatchString(task.Name()) {
		t.Errorf("name = %s, want %s", task.Name(), name)
	}

	if got, err = createTask(to, task, time.Time{}); err != nil || got.GetTask().GetScheduleTime() != nil {
		t.Errorf("schedule time = %v, %v; want none, which is at once", got.GetTask().GetScheduleTime(), err)
	}
}
