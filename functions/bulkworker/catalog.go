package bulkworker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// maxTries is how many jobs a row gets that others have refused.
const maxTries = 3

// catalog brings resources of one kind into Klaviyo's catalog by bulk jobs. A job either creates or updates, and what became
// of its rows turns out when it has ended: what was there by then, or no longer, goes into a job of the other kind. T is the
// resource as Klaviyo takes it.
type catalog[T any] struct {
	create, update klaviyo.JobKind
	idOf           func(T) string
	start          func(context.Context, klaviyo.JobKind, []T) ([]klaviyo.StartedJob, []klaviyo.Refused, error)
	// exist finds out which of these there are.
	exist func(ctx context.Context, ids []string) (map[string]bool, error)
	// load makes these anew, as they are now; one that is gone is missing.
	load func(ctx context.Context, ids []string) ([]T, error)
	// whose is the id of the record that a row belongs to, and what it is.
	whose func(id string) string
	what  string
}

// begin starts the jobs that all of these need, given those that exist.
func (c catalog[T]) begin(ctx context.Context, all []T, exist map[string]bool) (jobs []bulk.Job, failures []bulk.Failure, err error) {
	var fresh, known []T

	for _, one := range all {
		if exist[c.idOf(one)] {
			known = append(known, one)
		} else {
			fresh = append(fresh, one)
		}
	}

	created, refused, err := c.send(ctx, c.create, fresh, 0)
	if err != nil {
		return nil, nil, err
	}

	updated, refusedToo, err := c.send(ctx, c.update, known, 0)

	return slices.Concat(created, updated), slices.Concat(refused, refusedToo), err
}

// send starts jobs of one kind.
func (c catalog[T]) send(ctx context.Context, kind klaviyo.JobKind, rows []T, try int) ([]bulk.Job, []bulk.Failure, error) {
	started, refused, err := c.start(ctx, kind, rows)
	failures := make([]bulk.Failure, len(refused))

	for i, r := range refused {
		failures[i] = failure(c.whose(r.Ref), "Klaviyo refused the "+c.what, r.Code, r.Pointer)
	}

	return jobsOf(kind, started, try), failures, err
}

func jobsOf(kind klaviyo.JobKind, started []klaviyo.StartedJob, try int) []bulk.Job {
	jobs := make([]bulk.Job, len(started))
	for i, s := range started {
		jobs[i] = bulk.Job{ID: s.ID, Kind: string(kind), Rows: len(s.ExternalIDs), Refs: s.ExternalIDs, Try: try}
	}

	return jobs
}

// failedRow is a row of a job that Klaviyo could not do. why is empty when Klaviyo doesn't tell.
type failedRow struct {
	job bulk.Job
	ref string
	why klaviyo.CatalogJobError
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

var errGone = errors.New("commercetools no longer has it")

// again sends failed rows once more where there is a chance: what is there by now is updated, what is not is created.
func (c catalog[T]) again(ctx context.Context, failed []failedRow) (jobs []bulk.Job, failures []bulk.Failure, err error) {
	if len(failed) == 0 {
		return nil, nil, nil
	}

	ids := make([]string, len(failed))
	for i, f := range failed {
		ids[i] = f.ref
	}

	exist, err := c.exist(ctx, ids)
	if err != nil {
		return nil, nil, err
	}

	retry, try, failures := c.sorted(failed, exist)

	for _, kind := range []klaviyo.JobKind{c.create, c.update} {
		rows, err := c.load(ctx, retry[kind])
		if err != nil {
			return nil, nil, err
		}

		failures = append(failures, c.missing(retry[kind], rows)...)

		started, refused, err := c.send(ctx, kind, rows, try)
		if err != nil {
			return nil, nil, err
		}

		jobs, failures = append(jobs, started...), append(failures, refused...)
	}

	return jobs, failures, nil
}

// sorted sorts failed rows into those that another job may do, of which kind and at which try, and those that stay failed.
func (c catalog[T]) sorted(
	failed []failedRow, exist map[string]bool,
) (retry map[klaviyo.JobKind][]string, try int, failures []bulk.Failure) {
	retry = map[klaviyo.JobKind][]string{}

	for _, f := range failed {
		kind := c.create
		if exist[f.ref] {
			kind = c.update
		}

		// The same once more only if Klaviyo does not say what is wrong.
		if f.job.Try+1 < maxTries && (string(kind) != f.job.Kind || f.why.Code == "") {
			retry[kind] = append(retry[kind], f.ref)
			try = max(try, f.job.Try+1)
		} else {
			failures = append(failures, c.failure(f))
		}
	}

	return retry, try, failures
}

func (c catalog[T]) failure(f failedRow) bulk.Failure {
	if f.why.Code == "" {
		return bulk.Failure{ID: c.whose(f.ref), Reason: fmt.Sprintf("Klaviyo doesn't say what became of the %s; import it again", c.what)}
	}

	return failure(c.whose(f.ref), fmt.Sprintf("Klaviyo could not import the %s", c.what), f.why.Code, f.why.Pointer)
}

// missing are failures for what was to be sent again, and is gone.
func (c catalog[T]) missing(ids []string, found []T) (failures []bulk.Failure) {
	there := map[string]bool{}
	for _, one := range found {
		there[c.idOf(one)] = true
	}

	for _, id := range ids {
		if !there[id] {
			failures = append(failures, bulk.Failure{ID: c.whose(id), Reason: errGone.Error()})
		}
	}

	return failures
}

// settled counts failures: one for each record, however many of its rows have failed.
func settled(pending []bulk.Job, failures []bulk.Failure) bulk.Settled {
	records := map[string]bool{}
	for _, f := range failures {
		records[f.ID] = true
	}

	return bulk.Settled{Pending: pending, Failed: len(records), Failures: failures}
}
