package delivery_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

func TestReplay(t *testing.T) {
	t.Parallel()

	refused := &klaviyo.Error{Status: 400, Operation: "POST /api/profiles"}
	down := errors.New("no route")

	for name, tt := range map[string]struct {
		data        string
		err         error
		wantOutcome delivery.Outcome
		wantReason  string
		wantErr     error
	}{
		"as published":           {created, nil, delivery.Done, "", nil},
		"in the other format":    {inEvent(created), nil, delivery.Done, "", nil},
		"with its envelope":      {push(created), nil, delivery.Done, "", nil},
		"nothing to do any more": {created, delivery.Ignored("off"), delivery.Done, "off", nil},
		"refused again":          {created, refused, delivery.Never, "klaviyo_rejected", refused},
		"later":                  {created, down, delivery.Later, "unavailable", down},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var got delivery.Message

			outcome, reason, err := delivery.Replay(t.Context(), "CustomerEvents", delivery.Target{Project: "demo", Handle: func(ctx context.Context, m delivery.Message) error {
				if _, bounded := ctx.Deadline(); !bounded {
					t.Error("the handler has all the time in the world")
				}

				got = m

				return tt.err
			}}, delivery.Parked{Data: []byte(tt.data)})

			if outcome != tt.wantOutcome || reason != tt.wantReason || !errors.Is(err, tt.wantErr) {
				t.Errorf("got %v, %q, %v, want %v, %q, %v", outcome, reason, err, tt.wantOutcome, tt.wantReason, tt.wantErr)
			}

			if got.Resource.ID != "c1" || got.Type != "CustomerCreated" {
				t.Errorf("handled %+v, want the message", got)
			}
		})
	}
}

func TestReplayUnreadable(t *testing.T) {
	t.Parallel()

	outcome, reason, err := delivery.Replay(t.Context(), "CustomerEvents", delivery.Target{Handle: func(context.Context, delivery.Message) error {
		t.Error("it was handled")

		return nil
	}}, delivery.Parked{Data: []byte("hello")})
	if outcome != delivery.Never || reason != "unreadable" || err == nil {
		t.Errorf("got %v, %q, %v, want never, unreadable", outcome, reason, err)
	}
}

// A message of another project is refused once more, as it was.
func TestReplayForeign(t *testing.T) {
	t.Parallel()

	outcome, reason, _ := delivery.Replay(t.Context(), "CustomerEvents", delivery.Target{Project: "ours", Handle: func(context.Context, delivery.Message) error {
		t.Error("it was handled")

		return nil
	}}, delivery.Parked{Data: []byte(`{"projectKey":"theirs","notificationType":"Message","type":"CustomerCreated","resource":{"typeId":"customer","id":"c1"}}`)})
	if outcome != delivery.Never || reason != "foreign_project" {
		t.Errorf("got %v, %q, want never, foreign_project", outcome, reason)
	}
}
