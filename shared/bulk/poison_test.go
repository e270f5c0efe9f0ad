package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// poisoned is an Importer with records that nothing can be done about.
type poisoned struct {
	*records

	// sick are the records that no task gets past, and blind tells that they can't even be read.
	sick  map[string]bool
	blind bool
	// panics lets them panic; settling lets no job settle, and paged only those of pages with a sick record.
	panics, settling, paged bool
	err                     error
}

func (p *poisoned) Import(_ context.Context, w bulk.Work) (bulk.Page, error) {
	page, ids := p.page(w)

	if !p.paged && slices.ContainsFunc(ids, func(id string) bool { return p.sick[id] }) {
		if p.panics {
			panic("personal data")
		}

		if p.blind {
			page.Cursor = w.Cursor
		}

		return page, p.err
	}

	page.Counts = bulk.Counts{Read: len(ids), Sent: len(ids)}
	page.Settle = p.paged

	if len(ids) > 0 {
		page.Jobs = []bulk.Job{{ID: "job-" + page.Cursor, Rows: len(ids), Refs: ids}}
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	for _, id := range ids {
		p.sent[id]++
	}

	return page, nil
}

// page returns the next page, and the ids on it.
func (p *poisoned) page(w bulk.Work) (page bulk.Page, ids []string) {
	limit := 50
	if w.Limit > 0 {
		limit = min(limit, w.Limit)
	}

	for _, id := range p.ids {
		if id > w.Cursor && (w.Before == "" || id < w.Before) {
			ids = append(ids, id)
		}
	}

	page = bulk.Page{Cursor: w.Cursor, End: len(ids) <= limit}
	ids = ids[:min(limit, len(ids))]

	if len(ids) > 0 {
		page.Cursor = ids[len(ids)-1]
	}

	return page, ids
}

func (p *poisoned) Settle(ctx context.Context, w bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	if p.settling || slices.ContainsFunc(jobs[0].Refs, func(id string) bool { return p.sick[id] }) {
		return bulk.Settled{}, p.err
	}

	if p.paged {
		return bulk.Settled{}, nil
	}

	return p.records.Settle(ctx, w, jobs)
}

// A record that can't be imported fails, alone, and the run goes on and ends.
func TestPoison(t *testing.T) {
	t.Parallel()

	r := newRecords(500)
	p := &poisoned{records: r, sick: map[string]bool{r.ids[0]: true, r.ids[217]: true, r.ids[499]: true}, err: &bulk.TroubleError{Err: errors.New("answer 500")}}
	progress := imported(t, p)
	wantDone(t, progress, bulk.Counts{Read: 500, Sent: 497, Failed: 3})

	if took := progress.FinishedAt.Sub(progress.StartedAt); took < 30*time.Minute {
		t.Errorf("it took %v, want half an hour before a record is given up", took)
	}

	for _, f := range progress.Errors {
		if !p.sick[f.ID] || !strings.Contains(f.Reason, "answer 500") {
			t.Errorf("failure = %+v, want one of a sick record, with the reason", f)
		}
	}

	if times := r.times(); times[1] != 497 || times[0] != 3 {
		t.Errorf("sends -> ids = %v, want 497 once and 3 never", times)
	}
}

// A panic is no other: its stack is logged, and what it says is not.
func TestPoisonPanics(t *testing.T) {
	t.Parallel()

	r := newRecords(20)
	p := &poisoned{records: r, sick: map[string]bool{r.ids[7]: true}, panics: true}
	progress := imported(t, p)
	if progress.Status != bulk.Done || progress.Failed != 1 || len(progress.Errors) != 1 || strings.Contains(progress.Errors[0].Reason, "personal") {
		t.Errorf("progress = %+v, want done with a failure that does not quote the panic", progress)
	}
}

// Where not even the ids can be read there is no way past: the failure names the rest of the range.
func TestPoisonBlind(t *testing.T) {
	t.Parallel()

	r := newRecords(20)
	p := &poisoned{records: r, sick: map[string]bool{r.ids[7]: true}, blind: true, err: errors.New("answer 500")}
	progress := imported(t, p)
	wantDone(t, progress, bulk.Counts{Read: 8, Sent: 7, Failed: 1})

	if len(progress.Errors) != 1 || progress.Errors[0].ID != fmt.Sprintf("ids after %q and before %q", r.ids[6], "") {
		t.Errorf("errors = %+v, want the rest of the range", progress.Errors)
	}
}

func TestPoisonJobs(t *testing.T) {
	t.Parallel()

	p := &poisoned{records: newRecords(20), settling: true, err: errors.New("answer 500")}
	progress := imported(t, p)
	wantDone(t, progress, bulk.Counts{Read: 20, Failed: 20})

	if len(progress.Errors) != 1 || !strings.HasPrefix(progress.Errors[0].ID, "job job-") {
		t.Errorf("errors = %+v, want the job", progress.Errors)
	}
}

// A record whose job can't be settled fails, alone, where each page's jobs are settled before the next.
func TestPoisonPage(t *testing.T) {
	t.Parallel()

	r := newRecords(3)
	p := &poisoned{records: r, paged: true, sick: map[string]bool{r.ids[1]: true}, err: errors.New("answer 500")}
	progress := imported(t, p)
	wantDone(t, progress, bulk.Counts{Read: 3, Sent: 2, Failed: 1})

	for _, f := range progress.Errors {
		if !p.sick[f.ID] || !strings.Contains(f.Reason, "answer 500") {
			t.Errorf("failure = %+v, want one of a sick record, with the reason", f)
		}
	}
}

// An outage that ends with nearly half an hour of trouble costs no record: what counts is how long the trouble lasts.
func TestTroubleAfterOutage(t *testing.T) {
	t.Parallel()

	r := newRecords(20)

	var began time.Time

	r.before = func(what string) error {
		if what != "send" {
			return nil
		}

		if began.IsZero() {
			began = time.Now()
		}

		switch since := time.Since(began); {
		case since < time.Hour:
			return &bulk.OutageError{Err: errors.New("answer 503")}
		case since < time.Hour+29*time.Minute:
			return &bulk.TroubleError{Err: errors.New("answer 500")}
		default:
			return nil
		}
	}

	wantDone(t, imported(t, r), bulk.Counts{Read: 20, Sent: 20})
}

// What an outage stops is never given up.
func TestOutage(t *testing.T) {
	t.Parallel()

	r := newRecords(20)
	attempts := 0
	r.before = func(what string) error {
		if what == "send" {
			if attempts++; attempts < 50 {
				return &bulk.OutageError{Err: errors.New("answer 503")}
			}
		}

		return nil
	}

	wantDone(t, imported(t, r), bulk.Counts{Read: 20, Sent: 20})
}
