package bulkworker

import (
	"context"
	"errors"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// maxHalvings bounds the search for a profile that Klaviyo refuses without pointing at it: it takes two requests for each
// halving, and one bad profile among 10,000 is alone after 14.
const maxHalvings = 30

// importProfiles starts a job with a batch. Profiles that Klaviyo refuses become failures. A batch that it refuses as a
// whole is cut in half again and again, so that the others get through and only those that it will not take are left.
func (c *customerImport) importProfiles(
	ctx context.Context, batch *klaviyo.ProfileBatch, try int,
) (jobs []bulk.Job, failures []bulk.Failure, err error) {
	halvings := 0

	for left := []*klaviyo.ProfileBatch{batch}; len(left) > 0; {
		part := left[0]
		left = left[1:]

		id, refused, err := c.kl.ImportProfiles(ctx, part)
		if kl, ok := errors.AsType[*klaviyo.Error](err); ok && klaviyo.IsRefused(err) {
			if halvings++; part.Len() > 1 && halvings <= maxHalvings {
				first, second := part.Halves()
				left = slices.Concat([]*klaviyo.ProfileBatch{first, second}, left)
			} else {
				failures = append(failures, allRefused(part, kl)...)
			}

			continue
		}

		if err != nil {
			return nil, nil, err
		}

		if id != "" {
			jobs = append(jobs, bulk.Job{ID: id, Rows: part.Len() - len(refused), Try: try})
		}

		for _, r := range refused {
			failures = append(failures, failure(r.Ref, "Klaviyo refused the profile", r.Code, r.Pointer))
		}
	}

	return jobs, failures, nil
}

// allRefused are profiles that Klaviyo refuses together, without pointing at one.
func allRefused(batch *klaviyo.ProfileBatch, err *klaviyo.Error) []bulk.Failure {
	refs := batch.Refs()
	failures := make([]bulk.Failure, len(refs))

	for i, ref := range refs {
		failures[i] = failure(ref, "Klaviyo refused the request that the profile was in", err.Code(), err.Pointer())
	}

	return failures
}
