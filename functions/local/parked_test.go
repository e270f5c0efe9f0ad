package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/pubsub/v2/pstest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// refusal is Klaviyo's answer to an attribute that it will never take.
func refusal() faulttest.Fault {
	return faulttest.Fault{Status: http.StatusBadRequest, ContentType: "application/vnd.api+json", Body: `{"errors":[{"id":"e","status":400,` +
		`"code":"invalid","title":"Invalid input.","detail":"ann@example.org is no good","source":{"pointer":"/data/attributes/email"}}]}`}
}

// created is a CustomerCreated of one of the demo shop's customers, and the customer's id.
func created(t *testing.T, number int) (message, id string) {
	t.Helper()

	raw := commercetoolstest.Customers(demoSeed, number+1)[number]

	c, err := commercetools.Decode[commercetools.Customer](raw)
	if err != nil {
		t.Fatal(err)
	}

	return fmt.Sprintf(`{"notificationType":"Message","id":"m%d","type":"CustomerCreated","resource":{"typeId":"customer","id":%q},"customer":%s}`,
		number, c.ID, raw), c.ID
}

// park has a state file with these messages parked by CustomerEvents.
func park(t *testing.T, messages ...string) (state string) {
	t.Helper()

	state = filepath.Join(t.TempDir(), "state.db")

	store, err := embedded.Open(state)
	if err != nil {
		t.Fatal(err)
	}

	for _, m := range messages {
		about := map[string]string{"function": "CustomerEvents", "reason": "klaviyo_rejected"}
		if err := (parkedFile{store}).Park(t.Context(), delivery.Parked{Data: []byte(m), Attributes: about}); err != nil {
			t.Fatal(err)
		}
	}

	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	return state
}

// listed is what `parked list --json` prints.
func listed(t *testing.T, env []string, args ...string) []parkedRow {
	t.Helper()

	out, err := local(t, env, append([]string{"parked", "list", "--json"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}

	var rows []parkedRow
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	return rows
}

// servedAll has serve acknowledge these messages to CustomerEvents, and end.
func servedAll(t *testing.T, s *shop, state string, messages ...string) {
	t.Helper()

	url, c := serve(t, append(s.env, "LOG_LEVEL=error"), "--state", state)
	for _, body := range messages {
		if status, answer := call(t, http.MethodPost, url+"/CustomerEvents", body); status != http.StatusNoContent {
			t.Errorf("%d %s, want 204", status, answer)
		}
	}

	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}

	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
}

// TestParked goes the way of an operator: serve parks, list shows why, replay shows that it still is so, and after the
// cause is gone that it has succeeded.
func TestParked(t *testing.T) {
	t.Parallel()

	var refusing atomic.Bool

	refusing.Store(true)

	s := newShop(t, 3, klaviyotest.Options{}, func(h http.Handler) http.Handler {
		return faulttest.Wrap(h, func(*http.Request) faulttest.Fault {
			if refusing.Load() {
				return refusal()
			}

			return faulttest.Fault{}
		})
	})
	state := filepath.Join(t.TempDir(), "state.db")
	message, id := created(t, 0)

	servedAll(t, s, state, message, "nonsense of ann@example.org")

	// Reading a file needs no shop.
	want := []parkedRow{
		{
			ID: "1", Function: "CustomerEvents", Reason: "klaviyo_rejected", ResourceType: "customer", ResourceID: id, MessageID: "m0",
			KlaviyoStatus: "400", KlaviyoCode: "invalid", KlaviyoPointer: "/data/attributes/email",
		},
		{ID: "2", Function: "CustomerEvents", Reason: "unreadable"},
	}
	if diff := cmp.Diff(want, listed(t, nil, "--state", state), cmpopts.IgnoreFields(parkedRow{}, "ParkedAt", "Error")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	code, table := finish(t, local(t, nil, "parked", "list", "--state", state))
	if code != 0 || strings.Contains(table, "@") {
		t.Errorf("exit %d, want 0 and nothing personal:\n%s", code, table)
	}

	wantIn(t, table, "customer/"+id, "klaviyo_rejected", "invalid", "/data/attributes/email", "unreadable", "2 parked")

	code, out := finish(t, local(t, s.env, "parked", "replay", "--state", state))
	if code != exitFailedRecords || strings.Contains(out, "@") {
		t.Errorf("exit %d, want %d and nothing personal:\n%s", code, exitFailedRecords, out)
	}

	wantIn(t, out, "1 CustomerEvents customer/"+id+": still refused: klaviyo_rejected: ", "invalid at /data/attributes/email",
		"2 CustomerEvents -: still refused: unreadable", "0 done, 2 still refused, 0 later", "2 stay parked")
	s.wantAll(t, 0)

	refusing.Store(false)

	code, out = finish(t, local(t, s.env, "parked", "replay", "--state", state))
	if code != exitFailedRecords {
		t.Errorf("exit %d, want %d:\n%s", code, exitFailedRecords, out)
	}

	wantIn(t, out, "1 CustomerEvents customer/"+id+": done", "1 done, 1 still refused, 0 later")
	s.wantAll(t, 1)

	if rows := listed(t, nil, "--state", state); len(rows) != 1 || rows[0].ID != "2" {
		t.Errorf("%v stay parked, want only the nonsense", rows)
	}
}

// TestServeParksInTheTopic: with PARKED_TOPIC set, serve and list look in the same place as the deployed functions.
func TestServeParksInTheTopic(t *testing.T) {
	t.Parallel()

	fake := pstest.NewServer()
	t.Cleanup(func() { _ = fake.Close() })

	openParked(t, fake, "p", "parked")

	s := newShop(t, 1, klaviyotest.Options{}, asItIs)
	s.env = append(s.env, "PARKED_TOPIC=parked", "GOOGLE_CLOUD_PROJECT=p", "PUBSUB_EMULATOR_HOST="+fake.Addr)
	state := filepath.Join(t.TempDir(), "state.db")

	servedAll(t, s, state, "nonsense")

	if messages := fake.Messages(); len(messages) != 1 || string(messages[0].Data) != "nonsense" {
		t.Errorf("%d messages in the topic, want the nonsense", len(messages))
	}

	if rows := listed(t, s.env, "--wait", "700ms", "--state", state); len(rows) != 1 || rows[0].Reason != "unreadable" {
		t.Errorf("%+v are parked, want the nonsense", rows)
	}

	code, out := finish(t, local(t, append(s.env, "PARKED_SUBSCRIPTION=projects/p/subscriptions/other"), "parked", "list", "--wait", "700ms"))
	if code != exitStopped {
		t.Errorf("exit %d without such a subscription, want %d:\n%s", code, exitStopped, out)
	}

	wantIn(t, out, "projects/p/subscriptions/other")
}

func TestReplayOnlySome(t *testing.T) {
	t.Parallel()

	s := newShop(t, 3, klaviyotest.Options{}, asItIs)

	var messages []string

	for i := range 3 {
		message, _ := created(t, i)
		messages = append(messages, message)
	}

	state := park(t, messages...)

	for _, step := range []struct {
		args []string
		code int
		want []string
		left int
	}{
		{[]string{"--function", "OrderEvents"}, 0, []string{"0 done, 0 still refused, 0 later"}, 3},
		{[]string{"--id", "2,7"}, exitFailedRecords, []string{"2 CustomerEvents -: done", "7: no such message is parked", "1 done"}, 2},
		{[]string{"--max", "1"}, exitFailedRecords, []string{"1 CustomerEvents -: done", "1 done", "there are more than the 1 that were read"}, 1},
		{[]string{"--function", "CustomerEvents"}, 0, []string{"3 CustomerEvents -: done", "1 done, 0 still refused, 0 later"}, 0},
		{nil, 0, []string{"0 done, 0 still refused, 0 later"}, 0},
	} {
		code, out := finish(t, local(t, s.env, append([]string{"parked", "replay", "--state", state}, step.args...)...))
		if code != step.code {
			t.Errorf("%v: exit %d, want %d", step.args, code, step.code)
		}

		wantIn(t, out, step.want...)

		if rows := listed(t, s.env, "--state", state); len(rows) != step.left {
			t.Errorf("%v: %d stay parked, want %d", step.args, len(rows), step.left)
		}
	}

	s.wantAll(t, 3)

	code, out := finish(t, local(t, s.env, "parked", "list", "--state", state))
	if code != 0 || !strings.HasPrefix(out, "nothing is parked in the state file") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestDrop(t *testing.T) {
	t.Parallel()

	state := park(t, "nonsense", "more nonsense", "and more")

	code, out := finish(t, local(t, nil, "parked", "drop", "--id", "3,1,9", "--state", state))
	if code != exitFailedRecords {
		t.Errorf("exit %d, want %d", code, exitFailedRecords)
	}

	wantIn(t, out, "1: dropped\n3: dropped\n", "not found among the 3 that were read in the state file ", `: ["9"]`)

	if rows := listed(t, nil, "--state", state); len(rows) != 1 || rows[0].ID != "2" {
		t.Errorf("%v stay parked, want the second", rows)
	}
}

// TestReplayNothingToDo: what the settings here switch off has not succeeded.
func TestReplayNothingToDo(t *testing.T) {
	t.Parallel()

	s := newShop(t, 1, klaviyotest.Options{}, asItIs)
	message, _ := created(t, 0)
	state := park(t, message)

	code, out := finish(t, local(t, append(s.env, `CONFIG_JSON={"disabledEvents":["CustomerCreated"]}`), "parked", "replay", "--state", state))
	if code != exitFailedRecords {
		t.Errorf("exit %d, want %d", code, exitFailedRecords)
	}

	wantIn(t, out, "1 CustomerEvents -: nothing to do: switched off by disabledEvents", "0 later, 1 with nothing to do", "parked drop")

	if rows := listed(t, nil, "--state", state); len(rows) != 1 {
		t.Errorf("%d stay parked, want the message", len(rows))
	}
}

// TestReplayDeadLetter: what Pub/Sub has put aside says nothing about itself; its function is found by its resource.
func TestReplayDeadLetter(t *testing.T) {
	t.Parallel()

	s := newShop(t, 1, klaviyotest.Options{}, asItIs)
	message, id := created(t, 0)
	state := filepath.Join(t.TempDir(), "state.db")

	store, err := embedded.Open(state)
	if err != nil {
		t.Fatal(err)
	}

	for _, data := range []string{message, "nonsense"} {
		if err := store.Park(t.Context(), []byte(data), map[string]string{"CloudPubSubDeadLetterSourceDeliveryCount": "100"}); err != nil {
			t.Fatal(err)
		}
	}

	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	want := []parkedRow{
		{ID: "1", Function: "CustomerEvents", Reason: "dead letter", ResourceType: "customer", ResourceID: id, MessageID: "m0"},
		{ID: "2", Reason: "dead letter"},
	}
	if diff := cmp.Diff(want, listed(t, nil, "--state", state), cmpopts.IgnoreFields(parkedRow{}, "ParkedAt")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	code, out := finish(t, local(t, s.env, "parked", "replay", "--state", state))
	if code != exitFailedRecords {
		t.Errorf("exit %d, want %d", code, exitFailedRecords)
	}

	wantIn(t, out, "1 CustomerEvents customer/"+id+": done", "2 - -: later: there is no such function")
	s.wantAll(t, 1)
}

// TestReplayInterrupted stops a replay while Klaviyo has a message in hand.
func TestReplayInterrupted(t *testing.T) {
	t.Parallel()

	reached := make(chan struct{}, 100)
	s := newShop(t, 2, klaviyotest.Options{}, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // Only then the server sees that the client has gone.
			reached <- struct{}{}

			<-r.Context().Done()
		})
	})

	first, _ := created(t, 0)
	second, _ := created(t, 1)
	state := park(t, first, second)

	c := local(t, s.env, "parked", "replay", "--state", state)

	var out strings.Builder

	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}

	<-reached

	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}

	_ = c.Wait()

	readLog(t, out.String())

	if code := c.ProcessState.ExitCode(); code != exitStopped {
		t.Errorf("exit %d, want %d", code, exitStopped)
	}

	wantIn(t, out.String(), "interrupted: 0 are done; the rest stays parked")

	if rows := listed(t, nil, "--state", state); len(rows) != 2 {
		t.Errorf("%d stay parked, want 2", len(rows))
	}
}

func TestParkedWrongUse(t *testing.T) {
	t.Parallel()

	s := newShop(t, 1, klaviyotest.Options{}, asItIs)

	for name, c := range map[string]struct {
		env, args []string
		want      string
	}{
		"no shop to list for":    {nil, []string{"list"}, "the demo shop keeps no parked messages"},
		"no shop to replay into": {nil, []string{"replay", "--state", "x.db"}, "KLAVIYO_AUTH_KEY is required"},
		"unknown function":       {s.env, []string{"replay", "--function", "Customers"}, `there is no "Customers"; there are CategoryEvents, CustomerEvents`},
		"unknown command":        {nil, []string{"lists"}, `"lists"`},
		"nothing to read":        {nil, []string{"list", "--max", "0"}, "--max and --wait must be more than 0"},
		"nothing to drop":        {nil, []string{"drop"}, "--id: name the messages"},
		"no subscription":        {[]string{"PARKED_SUBSCRIPTION=parked"}, []string{"list"}, "PARKED_SUBSCRIPTION: must be a full name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			code, out := finish(t, local(t, c.env, append([]string{"parked"}, c.args...)...))
			if code != exitUse {
				t.Errorf("exit %d, want %d", code, exitUse)
			}

			wantIn(t, out, c.want)
		})
	}
}
