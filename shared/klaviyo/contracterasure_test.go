package klaviyo_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

func TestContractErasure(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		c, fake := checked(t, klaviyotest.Options{Key: key, Limits: true, JobTime: time.Minute})

		id, first := c.CreateProfile(t.Context(), fullProfile())
		kept, second := c.CreateProfile(t.Context(), klaviyo.Profile{ExternalID: klaviyo.Set("c-2")})
		event := c.CreateEvent(t.Context(), klaviyo.Event{
			Metric: "Placed Order", UniqueID: "o-1", Profile: klaviyo.EventProfile{ExternalID: "c-1"},
		})

		// Twice, for a message may come twice.
		once, twice := c.RequestErasure(t.Context(), id), c.RequestErasure(t.Context(), id)
		if err := errors.Join(first, second, event, once, twice); err != nil {
			t.Fatal(err)
		}

		if found, ok, err := c.FindProfileByExternalID(t.Context(), "c-1"); found != id || !ok || err != nil {
			t.Errorf("before it is done: found %q, %t, %v", found, ok, err)
		}

		time.Sleep(time.Minute)

		if _, ok, err := c.FindProfileByExternalID(t.Context(), "c-1"); ok || err != nil {
			t.Errorf("after it is done: %t, %v", ok, err)
		}

		if profiles := fake.Profiles(); len(profiles) != 1 || profiles[0].ID != kept || len(fake.Events()) != 0 {
			t.Errorf("profiles %v, %d events", profiles, len(fake.Events()))
		}

		if err := c.RequestErasure(t.Context(), id); err != nil {
			t.Errorf("erased again: %v", err)
		}
	})
}

// The identifiers of an erased profile are free for another one.
func TestContractErasedIsGone(t *testing.T) {
	t.Parallel()

	c, _ := checked(t, klaviyotest.Options{})

	id, err := c.CreateProfile(t.Context(), fullProfile())
	if err := errors.Join(err, c.RequestErasure(t.Context(), id)); err != nil {
		t.Fatal(err)
	}

	if err := c.UpdateProfile(t.Context(), id, ann()); !klaviyo.IsNotFound(err) {
		t.Errorf("update: %v", err)
	}

	if again, err := c.CreateProfile(t.Context(), fullProfile()); again == id || err != nil {
		t.Errorf("created anew: %q, %v", again, err)
	}
}
