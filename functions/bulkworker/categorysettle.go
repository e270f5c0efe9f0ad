package bulkworker

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// Settle implements bulk.Importer. When the jobs of a page have ended it deletes the categories that they have brought back, and
// waits for that as well.
func (c *categoryImport) Settle(ctx context.Context, w bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	ended, failed, err := poll(ctx, c.kl, jobs)
	if err != nil || !ended {
		return bulk.Settled{Pending: jobs}, err
	}

	if slices.ContainsFunc(jobs, func(job bulk.Job) bool { return job.Kind == string(klaviyo.DeleteCategories) }) {
		again, failures, err := c.deletion().again(ctx, w, failed)

		return settled(jobs, again, failures, 0), err
	}

	again, failures, gone, err := c.catalog(w).again(ctx, failed)
	if err != nil {
		return bulk.Settled{}, err
	}

	if len(again) > 0 {
		return settled(jobs, slices.Concat(jobs, again), failures, gone), nil
	}

	back, err := c.broughtBack(ctx, jobs)
	if err != nil {
		return bulk.Settled{}, err
	}

	pending, refused, err := c.deletion().removal(w).send(ctx, back, 0)

	return settled(jobs, pending, append(failures, refused...), gone), err
}

// broughtBack are the categories of these jobs that commercetools no longer has: realtime has deleted them in Klaviyo as well,
// but perhaps before a job came to them. It costs a request for each 150.
func (c *categoryImport) broughtBack(ctx context.Context, jobs []bulk.Job) ([]string, error) {
	if c.keepDeleted {
		return nil, nil
	}

	brought := map[string]bool{}

	for _, job := range jobs {
		if job.Kind == noteFailed {
			continue
		}

		for _, id := range job.Refs {
			brought[id] = true
		}
	}

	err := c.categories.each(ctx, slices.Collect(maps.Keys(brought)), func(some []record[commercetools.Category]) error {
		for _, r := range some {
			if !errors.Is(r.err, c.categories.absent) {
				delete(brought, r.id)
			}
		}

		return nil
	})

	return slices.Sorted(maps.Keys(brought)), err
}
