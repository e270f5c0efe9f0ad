package cloud_test

import (
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/cloud"
	"github.com/ctklaviyo/connector/shared/bulk/cloudtest"
	"github.com/ctklaviyo/connector/shared/emulatortest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
	"github.com/ctklaviyo/connector/shared/settings"
)

// Emulators are reached without credentials, by the settings alone.
func TestOpenEmulators(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", emulatortest.Firestore(t))

	worker, seen := deliveries(t)
	target := cloudtest.Queue(t, serve(t, worker))

	store, queue, err := cloud.Open(t.Context(), settings.Sync{
		Project: "open", Database: "(default)", Queue: settings.Queue(target.Queue), WorkerURL: settings.URL(target.URL),
		ServiceAccount: target.ServiceAccount, TasksEmulator: emulatortest.CloudTasks(t),
	})
	if err != nil {
		t.Fatal(err)
	}

	run, err := bulk.NewControl(store, queue, loggingtest.New(t)).Start(t.Context(), bulk.Orders, bulk.Options{})
	if err != nil {
		t.Fatal(err)
	}

	if got := <-seen; got.Body.Run != run.ID {
		t.Errorf("the queue delivers the task of run %q, want %q", got.Body.Run, run.ID)
	}
}
