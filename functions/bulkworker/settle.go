package bulkworker

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// Settle implements bulk.Importer.
func (c *Customers) Settle(ctx context.Context, w bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	var settled bulk.Settled

	for _, job := range jobs {
		state, err := c.kl.ImportJob(ctx, job.ID)
		if err != nil {
			return bulk.Settled{}, fatal(err)
		}

		if !state.Ended() {
			settled.Pending = append(settled.Pending, job)

			continue
		}

		if err := c.end(ctx, w, job, state, &settled); err != nil {
			return bulk.Settled{}, fatal(err)
		}
	}

	return settled, nil
}

// end deals with what an ended job has not imported: it goes into another job, or becomes a failure.
func (c *Customers) end(ctx context.Context, w bulk.Work, job bulk.Job, state klaviyo.Job, settled *bulk.Settled) error {
	if lost := state.Total - state.Completed - state.Failed; lost > 0 {
		settled.Failed += lost
		settled.Failures = append(settled.Failures, bulk.Failure{
			ID:     "job " + job.ID,
			Reason: fmt.Sprintf("Klaviyo ended the job as %q with %d profiles not dealt with; import again", state.Status, lost),
		})
	}

	if state.Failed == 0 {
		return nil
	}

	refused, err := c.kl.ImportErrors(ctx, job.ID)
	if err != nil {
		return err
	}

	// What Klaviyo does not explain is counted all the same.
	settled.Failed += max(0, state.Failed-len(refused))

	refused, err = c.again(ctx, w, job.Try+1, refused, settled)
	for _, r := range refused {
		settled.Failed++
		settled.Failures = append(settled.Failures, bulk.Failure{
			ID: r.ExternalID, Reason: "Klaviyo could not import the profile: " + r.Title, Code: r.Code, Pointer: r.Pointer,
		})
	}

	return err
}

// again sends refused profiles once more, as the customers are now and without the identifiers that another profile may
// own. It returns those that are not worth another try.
func (c *Customers) again(
	ctx context.Context, w bulk.Work, try int, refused []klaviyo.ImportError, settled *bulk.Settled,
) (left []klaviyo.ImportError, err error) {
	var batch klaviyo.ProfileBatch

	byID := map[string]klaviyo.ImportError{}

	for _, r := range refused {
		if _, twice := byID[r.ExternalID]; r.ExternalID == "" || twice {
			left = append(left, r)
		} else {
			byID[r.ExternalID] = r
		}
	}

	unsent, err := c.fillAgain(ctx, &batch, slices.Sorted(maps.Keys(byID)), try)
	if err != nil {
		return nil, err
	}

	for _, id := range unsent {
		left = append(left, byID[id])
	}

	if batch.Len() == 0 {
		return left, nil
	}

	if err := w.Proceed(ctx); err != nil {
		return nil, err
	}

	jobs, failures, err := c.importProfiles(ctx, &batch, try)
	if err != nil {
		return nil, err
	}

	settled.Pending = append(settled.Pending, jobs...)
	settled.Failed += len(failures)
	settled.Failures = append(settled.Failures, failures...)

	return left, nil
}

// fillAgain puts customers into the batch, and returns the ids of those that do not get in.
func (c *Customers) fillAgain(ctx context.Context, batch *klaviyo.ProfileBatch, ids []string, try int) (unsent []string, err error) {
	for part := range slices.Chunk(ids, commercetools.MaxIDs) {
		customers, err := c.readIDs(ctx, part)
		if err != nil {
			return nil, err
		}

		for _, r := range customers {
			if !c.addAgain(batch, r, try) {
				unsent = append(unsent, r.id)
			}
		}
	}

	return unsent, nil
}

// addAgain tells whether there is another way to send the customer, and adds it.
func (c *Customers) addAgain(batch *klaviyo.ProfileBatch, r record, try int) bool {
	if r.err != nil {
		return false
	}

	profile, err := mapping.Profile(r.customer, c.fields)
	if err != nil {
		return false
	}

	ways := klaviyo.Identities(profile)

	return try < len(ways) && batch.Add(r.id, ways[try].Profile) == nil
}
