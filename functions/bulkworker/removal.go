package bulkworker

import (
	"context"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// removal takes resources of one kind out of Klaviyo's catalog by bulk jobs.
type removal struct {
	kl   *klaviyo.Client
	kind klaviyo.JobKind
	// proceed is asked right before jobs are started.
	proceed func(context.Context) error
	// whose is the id of the record that a row belongs to.
	whose func(id string) string
}

func (r removal) send(ctx context.Context, ids []string, try int) (jobs []bulk.Job, failures []bulk.Failure, err error) {
	if len(ids) == 0 {
		return nil, nil, nil
	}

	if err := r.proceed(ctx); err != nil {
		return nil, nil, err
	}

	started, refused, err := r.kl.StartDeletions(ctx, r.kind, slices.Sorted(slices.Values(ids)))

	for _, row := range refused {
		failures = append(failures, failure(r.whose(row.Ref), "Klaviyo refused to delete "+r.named(row.Ref), row.Code, row.Pointer))
	}

	return jobsOf(r.kind, started, try), failures, err
}

// again deals with rows of ended jobs that are still there: it deletes those once more of which Klaviyo does not say what is
// wrong, or that were not there and are now.
func (r removal) again(ctx context.Context, failed []failedRow, there map[string]bool) ([]bulk.Job, []bulk.Failure, error) {
	var (
		failures []bulk.Failure
		ids      []string
		try      int
	)

	for _, f := range failed {
		switch {
		case !there[f.ref]: // and that was the aim
		case (f.why.Code == "" || f.why.Code == "not_found") && f.job.Try+1 < maxTries:
			ids, try = append(ids, f.ref), f.job.Try+1
		default:
			failures = append(failures, failure(r.whose(f.ref), "Klaviyo could not delete "+r.named(f.ref), f.why.Code, f.why.Pointer))
		}
	}

	jobs, refused, err := r.send(ctx, ids, try)

	return jobs, append(failures, refused...), err
}

// named is what a failure calls a row that is not the record itself.
func (r removal) named(ref string) string {
	if r.whose(ref) == ref {
		return "it"
	}

	return "the variant " + ref
}
