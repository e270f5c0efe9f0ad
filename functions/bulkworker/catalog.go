package bulkworker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
)

const (
	// maxTries is how many jobs a row gets that others have refused: enough to find one among 100, see smaller.
	maxTries = 4
	// smaller is by how much a row's next job is smaller when Klaviyo doesn't say what became of the row: in the end each is
	// alone in its job, and none fails because its neighbour did.
	smaller = 10
)

// catalog brings resources of one kind into Klaviyo's catalog by bulk jobs. A job either creates or updates, and tells what
// became of its rows when it has ended. A row that it could not create since it was there by then goes into a job that updates,
// and one that it could not update since it was gone into one that creates. T is the resource as Klaviyo takes it.
type catalog[T any] struct {
	create, update klaviyo.JobKind
	idOf           func(T) string
	start          func(context.Context, klaviyo.JobKind, []T) ([]klaviyo.StartedJob, []klaviyo.Refused, error)
	// proceed is asked right before jobs are started.
	proceed func(context.Context) error
	// exist finds out which of these there are.
	exist func(ctx context.Context, ids []string) (map[string]bool, error)
	// load makes these anew, as they are now; one that is gone is missing.
	load func(ctx context.Context, ids []string) ([]record[T], error)
	// whose is the id of the record that a row belongs to, and what it is.
	whose func(id string) string
	what  string
}

// manner is how rows are sent.
type manner struct {
	kind klaviyo.JobKind
	// perJob is how many of them go into a job; 0 is as many as Klaviyo takes.
	perJob int
	try    int
	ids    []string
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

	created, refused, err := c.send(ctx, manner{kind: c.create}, fresh)
	if err != nil {
		return nil, nil, err
	}

	updated, refusedToo, err := c.send(ctx, manner{kind: c.update}, known)

	return slices.Concat(created, updated), slices.Concat(refused, refusedToo), err
}

// send starts jobs of one kind.
func (c catalog[T]) send(ctx context.Context, how manner, rows []T) (jobs []bulk.Job, failures []bulk.Failure, err error) {
	perJob := cmp.Or(how.perJob, max(1, len(rows))) // c.start cuts them, by their bytes as well

	for some := range slices.Chunk(rows, perJob) {
		if err := c.proceed(ctx); err != nil {
			return nil, nil, err
		}

		started, refused, err := c.start(ctx, how.kind, some)
		if err != nil {
			return nil, nil, err
		}

		jobs = append(jobs, jobsOf(how.kind, started, how.try)...)

		for _, r := range refused {
			failures = append(failures, failure(c.whose(r.Ref), "Klaviyo refused the "+c.what, r.Code, r.Pointer))
		}
	}

	return jobs, failures, nil
}

// again sends failed rows once more where there is a chance: what is there by now is updated, what is not is created. gone is
// how many of them there is nothing left to send of.
func (c catalog[T]) again(ctx context.Context, failed []failedRow) (jobs []bulk.Job, failures []bulk.Failure, gone int, err error) {
	if len(failed) == 0 {
		return nil, nil, 0, nil
	}

	exist, err := c.exist(ctx, refsOf(failed))
	if err != nil {
		return nil, nil, 0, err
	}

	retries, refused := c.sorted(failed, exist)

	failures, gone, err = c.givenUp(ctx, refused)
	if err != nil {
		return nil, nil, 0, err
	}

	for _, how := range retries {
		found, err := c.load(ctx, how.ids)
		if err != nil {
			return nil, nil, 0, err
		}

		rows, bad := c.ready(found)
		gone += len(how.ids) - len(rows) - len(bad)

		started, refused, err := c.send(ctx, how, rows)
		if err != nil {
			return nil, nil, 0, err
		}

		jobs, failures = append(jobs, started...), slices.Concat(failures, bad, refused)
	}

	return jobs, failures, gone, nil
}

// givenUp are the failures of rows that are given up, and how many of them are no failures, since commercetools no longer has
// them: Klaviyo may have refused to create what was deleted there a moment later.
func (c catalog[T]) givenUp(ctx context.Context, refused []failedRow) (failures []bulk.Failure, gone int, err error) {
	found, err := c.load(ctx, refsOf(refused))
	there := map[string]bool{}

	for _, r := range found {
		there[r.id] = true
	}

	for _, f := range refused {
		if there[f.ref] {
			failures = append(failures, c.failure(f))
		} else {
			gone++
		}
	}

	return failures, gone, err
}

// sorted sorts failed rows into those that another job may do, and those that are given up.
func (c catalog[T]) sorted(failed []failedRow, exist map[string]bool) (retries []manner, refused []failedRow) {
	for _, f := range failed {
		how := manner{kind: c.create, try: f.job.Try + 1}
		if exist[f.ref] {
			how.kind = c.update
		}

		if string(how.kind) == f.job.Kind {
			how.perJob = max(1, f.job.Rows/smaller)
		}

		// The same once more only if Klaviyo does not say what is wrong.
		if how.try < maxTries && (string(how.kind) != f.job.Kind || f.why.Code == "") {
			retries = joined(retries, how, f.ref)
		} else {
			refused = append(refused, f)
		}
	}

	return retries, refused
}

// joined adds a row to those that are sent in the same way.
func joined(retries []manner, how manner, id string) []manner {
	i := slices.IndexFunc(retries, func(r manner) bool { return r.kind == how.kind && r.perJob == how.perJob && r.try == how.try })
	if i < 0 {
		i, retries = len(retries), append(retries, how)
	}

	retries[i].ids = append(retries[i].ids, id)

	return retries
}

func (c catalog[T]) failure(f failedRow) bulk.Failure {
	if f.why.Code == "" {
		return bulk.Failure{ID: c.whose(f.ref), Reason: fmt.Sprintf("Klaviyo doesn't say what became of the %s; import it again", c.what)}
	}

	return failure(c.whose(f.ref), fmt.Sprintf("Klaviyo could not import the %s", c.what), f.why.Code, f.why.Pointer)
}

// ready are the rows that can be sent. One that lacks what Klaviyo needs by now is neither that nor a failure.
func (c catalog[T]) ready(found []record[T]) (rows []T, failures []bulk.Failure) {
	for _, r := range found {
		if _, incomplete := errors.AsType[*mapping.MissingError](r.err); r.err == nil {
			rows = append(rows, r.value)
		} else if !incomplete {
			failures = append(failures, bulk.Failure{ID: c.whose(r.id), Reason: r.err.Error()})
		}
	}

	return rows, failures
}
