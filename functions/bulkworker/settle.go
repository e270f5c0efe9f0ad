package bulkworker

import (
	"context"
	"fmt"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// Settle implements bulk.Importer.
func (c *Customers) Settle(ctx context.Context, jobs []string) (bulk.Settled, error) {
	var settled bulk.Settled

	for _, id := range jobs {
		job, err := c.kl.ImportJob(ctx, id)
		if err != nil {
			return bulk.Settled{}, fatal(err)
		}

		if !job.Ended() {
			settled.Pending = append(settled.Pending, id)

			continue
		}

		if err := c.end(ctx, id, job, &settled); err != nil {
			return bulk.Settled{}, fatal(err)
		}
	}

	return settled, nil
}

// end counts what an ended job has refused, and says why.
func (c *Customers) end(ctx context.Context, id string, job klaviyo.Job, settled *bulk.Settled) error {
	if lost := job.Total - job.Completed - job.Failed; lost > 0 {
		settled.Failed += lost
		settled.Failures = append(settled.Failures, bulk.Failure{
			ID:     "job " + id,
			Reason: fmt.Sprintf("Klaviyo ended the job as %q with %d profiles not dealt with; import again", job.Status, lost),
		})
	}

	if job.Failed == 0 {
		return nil
	}

	failed, err := c.kl.ImportErrors(ctx, id)
	if err != nil {
		return err
	}

	settled.Failed += job.Failed

	for _, f := range failed {
		settled.Failures = append(settled.Failures, bulk.Failure{
			ID: f.ExternalID, Reason: "Klaviyo could not import the profile: " + f.Title, Code: f.Code, Pointer: f.Pointer,
		})
	}

	return nil
}
