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

// Settle implements bulk.Importer. It deals with what the jobs have refused when all of them have ended, so that it goes
// into one more job and not into one for each.
func (c *Customers) Settle(ctx context.Context, w bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	var (
		settled bulk.Settled
		unclean []endedJob
	)

	for i, job := range jobs {
		state, err := c.kl.ImportJob(ctx, job.ID)

		switch {
		case klaviyo.IsNotFound(err):
			settled.Failed++
			settled.Failures = append(settled.Failures, bulk.Failure{
				ID: "job " + job.ID, Reason: "Klaviyo has forgotten the job, and how it ended is unknown; import again",
			})
		case err != nil:
			return bulk.Settled{}, fatal(err)
		case !state.Ended():
			// Those behind it are hardly further, and asking costs requests.
			settled.Pending = append(jobsOf(unclean), jobs[i:]...)

			return settled, nil
		case state.Completed < state.Total:
			unclean = append(unclean, endedJob{job, state})
		}
	}

	if len(unclean) == 0 {
		return settled, nil
	}

	if err := c.clean(ctx, w, unclean, &settled); err != nil {
		return bulk.Settled{}, fatal(err)
	}

	return settled, nil
}

// endedJob is a job that has not imported all of its profiles.
type endedJob struct {
	bulk.Job

	state klaviyo.Job
}

func jobsOf(ended []endedJob) []bulk.Job {
	jobs := make([]bulk.Job, len(ended))
	for i, e := range ended {
		jobs[i] = e.Job
	}

	return jobs
}

// clean sends what the jobs have refused once more, and records what cannot be sent.
func (c *Customers) clean(ctx context.Context, w bulk.Work, unclean []endedJob, settled *bulk.Settled) error {
	var refused []klaviyo.ImportError

	for _, job := range unclean {
		errs, err := c.refusedBy(ctx, job.Job, job.state, settled)
		if err != nil {
			return err
		}

		refused = append(refused, errs...)
	}

	// All are of the same try: the next begins when the one before has ended.
	left, err := c.again(ctx, w, unclean[0].Try+1, refused, settled)
	if err != nil {
		return err
	}

	for _, r := range left {
		settled.Failed++
		settled.Failures = append(settled.Failures, bulk.Failure{
			ID: r.ExternalID, Reason: "Klaviyo could not import the profile: " + r.Title, Code: r.Code, Pointer: r.Pointer,
		})
	}

	return nil
}

// refusedBy returns what an ended job has refused, and counts what Klaviyo does not explain.
func (c *Customers) refusedBy(
	ctx context.Context, job bulk.Job, state klaviyo.Job, settled *bulk.Settled,
) ([]klaviyo.ImportError, error) {
	var refused []klaviyo.ImportError

	if state.Failed > 0 {
		var err error
		if refused, err = c.kl.ImportErrors(ctx, job.ID); err != nil {
			return nil, err
		}
	}

	if unexplained := state.Total - state.Completed - len(refused); unexplained > 0 {
		settled.Failed += unexplained
		settled.Failures = append(settled.Failures, bulk.Failure{
			ID:     "job " + job.ID,
			Reason: fmt.Sprintf("Klaviyo ended the job as %q and left out %d profiles without saying why; import again", state.Status, unexplained),
		})
	}

	return refused, nil
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
