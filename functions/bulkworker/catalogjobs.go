package bulkworker

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

func jobsOf(kind klaviyo.JobKind, started []klaviyo.StartedJob, try int) []bulk.Job {
	jobs := make([]bulk.Job, len(started))
	for i, s := range started {
		jobs[i] = bulk.Job{ID: s.ID, Kind: string(kind), Rows: len(s.ExternalIDs), Refs: s.ExternalIDs, Try: try}
	}

	return jobs
}

// Notes are kept among the jobs of a page until all of them have ended.
const (
	// noteFailed names the records that were counted as failed: each counts once, however many of its rows fail.
	noteFailed = "note: failed"
	// noteMoving names the variants that are created when the job has ended that deletes them elsewhere.
	noteMoving = "note: moving"
	// noteRead tells when the variants were read that the jobs have brought.
	noteRead = "note: read"
	// noteStarted tells when the jobs were started.
	noteStarted = "note: started"
)

func note(kind string, refs []string) bulk.Job {
	return bulk.Job{ID: kind, Kind: kind, Refs: refs, Ended: true}
}

// withTime adds a note of a time to jobs, if there are any.
func withTime(jobs []bulk.Job, kind string, at time.Time) []bulk.Job {
	if len(jobs) > 0 {
		jobs = append(jobs, note(kind, []string{at.UTC().Format(time.RFC3339Nano)}))
	}

	return jobs
}

func noted(jobs []bulk.Job, kind string) (refs []string) {
	for _, job := range jobs {
		if job.Kind == kind {
			refs = append(refs, job.Refs...)
		}
	}

	return refs
}

// failedRow is a row of a job that Klaviyo could not do. why is empty when Klaviyo doesn't tell.
type failedRow struct {
	job bulk.Job
	ref string
	why klaviyo.CatalogJobError
}

func refsOf(failed []failedRow) []string {
	refs := make([]string, len(failed))
	for i, f := range failed {
		refs[i] = f.ref
	}

	return refs
}

// poll asks how jobs stand. When all have ended, it marks them so, and leaves only the rows in them that were done; the
// others it returns.
func poll(ctx context.Context, kl *klaviyo.Client, jobs []bulk.Job) (ended bool, failed []failedRow, err error) {
	open := map[string][]string{}

	for _, job := range jobs {
		if !job.Ended {
			open[job.Kind] = append(open[job.Kind], job.ID)
		}
	}

	states := map[string]klaviyo.CatalogJob{}

	for kind, ids := range open {
		found, err := kl.CatalogJobs(ctx, klaviyo.JobKind(kind), ids)
		if err != nil {
			return false, nil, err
		}

		for id, state := range found {
			if !state.Ended() {
				return false, nil, nil
			}

			states[id] = state
		}
	}

	for i := range jobs {
		if !jobs[i].Ended {
			// Of a job that Klaviyo has forgotten no row is known to be done.
			failed = append(failed, closed(&jobs[i], states[jobs[i].ID])...)
		}
	}

	return true, failed, nil
}

// closed marks a job as ended, and takes out the rows that were not done.
func closed(job *bulk.Job, state klaviyo.CatalogJob) []failedRow {
	why := map[int]klaviyo.CatalogJobError{}

	for _, e := range state.Errors {
		if len(job.Refs) == 1 { // whatever it points at
			e.Row = 0
		}

		if e.Row >= 0 && e.Row < len(job.Refs) {
			why[e.Row] = e
		}
	}

	// Unless Klaviyo accounts for each row, none is sure.
	all := len(why) < state.Failed || state.Completed+len(why) < len(job.Refs)

	var (
		done   []string
		failed []failedRow
	)

	for i, ref := range job.Refs {
		if e, bad := why[i]; bad || all {
			failed = append(failed, failedRow{job: *job, ref: ref, why: e})
		} else {
			done = append(done, ref)
		}
	}

	job.Ended, job.Refs, job.Rows = true, done, len(done)

	return failed
}

// settled counts failures: one for each record, however many of its rows have failed, now or earlier. gone are as many others.
func settled(before, pending []bulk.Job, failures []bulk.Failure, gone int) bulk.Settled {
	counted := map[string]bool{}
	for _, id := range noted(before, noteFailed) {
		counted[id] = true
	}

	earlier := len(counted)

	for _, f := range failures {
		counted[f.ID] = true
	}

	pending = slices.DeleteFunc(pending, func(job bulk.Job) bool { return job.Kind == noteFailed })

	if len(pending) > 0 && len(counted) > 0 {
		pending = append(pending, note(noteFailed, slices.Sorted(maps.Keys(counted))))
	}

	return bulk.Settled{Pending: pending, Failed: len(counted) - earlier, Failures: failures, Gone: gone}
}
