package bulkworker

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// Jobs rest for a third of what the last ones took: not for a moment, and not for long. Those whose start isn't noted don't rest.
func TestPace(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct{ took, rest time.Duration }{
		"the first":     {0, 0},
		"seconds":       {5 * time.Second, 0},
		"half a minute": {30 * time.Second, 10 * time.Second},
		"an hour":       {time.Hour, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { testPace(t, c.took, c.rest) })
		})
	}
}

func testPace(t *testing.T, took, rest time.Duration) {
	t.Helper()

	var p pace

	before := withStart([]bulk.Job{{ID: "a"}})

	time.Sleep(took)
	p.ended(before)

	unknown := []bulk.Job{{ID: "b"}}
	if !p.due(unknown) {
		t.Error("jobs rest whose start isn't noted")
	}

	p.ended(unknown) // which says nothing

	jobs := withStart([]bulk.Job{{ID: "c"}})

	if rest > 0 {
		time.Sleep(rest - time.Millisecond)

		if p.due(jobs) {
			t.Errorf("due before %s", rest)
		}

		time.Sleep(time.Millisecond)
	}

	if !p.due(jobs) {
		t.Errorf("not due after %s", rest)
	}
}
