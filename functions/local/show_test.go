package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// fieldsOf are the names of a report's fields, also those that are left out when empty.
func fieldsOf(t *testing.T, r report) map[string]bool {
	t.Helper()

	names := map[string]bool{}

	for _, f := range reflect.VisibleFields(reflect.TypeOf(r)) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); !f.Anonymous {
			names[name] = true
		}
	}

	return names
}

// TestPace: a run that goes on in the middle, after a day, is as fast as it is now.
func TestPace(t *testing.T) {
	t.Parallel()

	var s pace

	begun := time.Now()
	p := bulk.Progress{Resource: bulk.Orders, Status: bulk.Running, Total: 5000, Counts: bulk.Counts{Read: 1000}, StartedAt: begun.Add(-24 * time.Hour)}

	if perSecond, left := s.of(p, begun); perSecond != 0 || left != 0 {
		t.Errorf("%g a second, %s left; want that nobody knows yet", perSecond, left)
	}

	p.Read = 3000
	if perSecond, left := s.of(p, begun.Add(10*time.Second)); perSecond != 200 || left != 10*time.Second {
		t.Errorf("%g a second, %s left; want 200 and 10s", perSecond, left)
	}

	p.Status = bulk.Done
	if _, left := s.of(p, begun.Add(10*time.Second)); left != 0 {
		t.Errorf("%s left, want nothing at the end", left)
	}

	p = bulk.Progress{Resource: bulk.Products, Status: bulk.Running, Total: 10, Counts: bulk.Counts{Read: 7}}
	if perSecond, _ := s.of(p, begun.Add(11*time.Second)); perSecond != 0 {
		t.Errorf("%g a second, want that another resource begins anew", perSecond)
	}
}

// TestBars: a bar's message has the count, the rate, the failures and the time left, and fits into 80 columns with its bar.
func TestBars(t *testing.T) {
	t.Parallel()

	begun := time.Now()
	b := bars{pace: pace{resource: bulk.Categories, since: begun, read: 0}}
	p := bulk.Progress{Resource: bulk.Categories, Status: bulk.Running, Total: 9_000_000, Counts: bulk.Counts{Read: 90_000, Failed: 12_345}}

	const want = "categories   90000 of 9000000  9000/s 12345 failed 16m30s left"
	if got := b.message(p, begun.Add(10*time.Second)); got != want || len(got) > messageWidth {
		t.Errorf("%q, want %q within %d", got, want, messageWidth)
	}
}

func TestReports(t *testing.T) {
	t.Parallel()

	var out, notes bytes.Buffer

	r := newReports(&out, &notes)
	p := bulk.Progress{Run: "r", Resource: bulk.Orders, Status: bulk.Running, Total: 5, Counts: bulk.Counts{Read: 3, Sent: 2, Failed: 1}}

	r.say("going on")
	r.show(p)
	r.show(p) // Not before two seconds are over.
	r.end(row{Progress: p, interrupted: true, ctRequests: 4, klRequests: 2})
	r.close()

	if notes.String() != "going on\n" {
		t.Errorf("notes = %q", notes.String())
	}

	var got []map[string]any

	for line := range strings.Lines(out.String()) {
		var one map[string]any
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%q: %v", line, err)
		}

		got = append(got, one)
	}

	report := map[string]any{
		"final": false, "run": "r", "resource": "orders", "status": "running", "total": 5.0, "read": 3.0, "sent": 2.0, "failed": 1.0,
		"skipped": 0.0, "perSecond": 0.0,
	}
	last := map[string]any{"interrupted": true, "commercetoolsRequests": 4.0, "klaviyoRequests": 2.0}

	maps.Copy(last, report)

	last["final"] = true

	if diff := cmp.Diff([]map[string]any{report, last}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// An import that could not begin has nothing to show but its error.
func TestNoTableWithoutRows(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer

	if writeTable(&out, nil); out.Len() > 0 {
		t.Errorf("a table of nothing:\n%s", out.String())
	}
}
