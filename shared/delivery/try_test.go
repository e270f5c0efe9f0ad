package delivery_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

func TestTry(t *testing.T) {
	t.Parallel()

	refused := &klaviyo.Error{Status: 400, Operation: "POST /api/profiles", Details: []klaviyo.Detail{{Code: "invalid"}}}
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

			outcome, reason, err := delivery.Try(t.Context(), delivery.Target{Project: "demo", Handle: func(ctx context.Context, m delivery.Message) error {
				if _, bounded := ctx.Deadline(); !bounded {
					t.Error("the handler has all the time in the world")
				}

				expectCreated(t, m)

				return tt.err
			}}, []byte(tt.data))
			if outcome != tt.wantOutcome || reason != tt.wantReason || !errors.Is(err, tt.wantErr) {
				t.Errorf("got %v, %q, %v, want %v, %q, %v", outcome, reason, err, tt.wantOutcome, tt.wantReason, tt.wantErr)
			}

			m, err := delivery.Read([]byte(tt.data))
			if err != nil {
				t.Error(err)
			}

			expectCreated(t, m)
		})
	}
}

func expectCreated(t *testing.T, m delivery.Message) {
	t.Helper()

	if m.Resource.ID != "c1" || m.Type != "CustomerCreated" {
		t.Errorf("got %+v, want the message", m)
	}
}

func TestTryUnreadable(t *testing.T) {
	t.Parallel()

	outcome, reason, err := delivery.Try(t.Context(), untouched(t), []byte("hello"))
	if outcome != delivery.Never || reason != "unreadable" || err == nil {
		t.Errorf("got %v, %q, %v, want never, unreadable", outcome, reason, err)
	}
}

// A message of another project is refused, however often it is tried.
func TestTryForeign(t *testing.T) {
	t.Parallel()

	target := untouched(t)
	target.Project = "ours"

	outcome, reason, err := delivery.Try(t.Context(), target, []byte(created))
	if outcome != delivery.Never || reason != "foreign_project" || err == nil {
		t.Errorf("got %v, %q, %v, want never, foreign_project", outcome, reason, err)
	}
}

// untouched is a target that must not get a message.
func untouched(t *testing.T) delivery.Target {
	t.Helper()

	return delivery.Target{Handle: func(context.Context, delivery.Message) error {
		t.Error("it was handled")

		return nil
	}}
}
