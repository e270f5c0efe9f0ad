package bulkworker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// Settle implements bulk.Importer. It deals with what the jobs have refused when all of them have ended, so that it goes
// into few more jobs and not into one for each.
func (c *customerImport) Settle(ctx context.Context, w bulk.Work, jobs []bulk.Job) (bulk.Settled, error) {
	var (
		settled bulk.Settled
		unclean []endedJob
	)

	for i, job := range jobs {
		state, err := c.kl.ImportJob(ctx, job.ID)

		switch {
		case klaviyo.IsNotFound(err):
			settled.Failed += job.Rows
			settled.Failures = append(settled.Failures, bulk.Failure{
				ID: "job " + job.ID, Reason: fmt.Sprintf("Klaviyo has forgotten the job, and what became of its %d profiles; import again", job.Rows),
			})
		case err != nil:
			return bulk.Settled{}, err
		case !state.Ended():
			// Those behind it are hardly further, and asking costs requests.
			settled.Pending = append(refusing(unclean), jobs[i:]...)

			return settled, nil
		case state.Completed < job.Rows || state.Failed > 0:
			unclean = append(unclean, endedJob{job, state})
		}
	}

	if len(unclean) == 0 {
		return settled, nil
	}

	unclean, later := portion(unclean)
	if err := c.clean(ctx, w, unclean, &settled); err != nil {
		return bulk.Settled{}, err
	}

	settled.Pending = append(refusing(later), settled.Pending...)

	return settled, nil
}

// maxRefused bounds what one task deals with: its failures have to fit into one write of the store.
const maxRefused = 10_000

// portion takes the first jobs, all of one try, that have not refused too much together, but one at least. The others wait
// for the next task.
func portion(unclean []endedJob) (now, later []endedJob) {
	refused := 0

	for i, job := range unclean {
		refused += max(job.state.Failed, job.Rows-job.state.Completed)

		if i > 0 && (refused > maxRefused || job.Try != unclean[0].Try) {
			return unclean[:i], unclean[i:]
		}
	}

	return unclean, nil
}

// endedJob is a job that has not imported all of its profiles.
type endedJob struct {
	bulk.Job

	state klaviyo.Job
}

func refusing(ended []endedJob) []bulk.Job {
	jobs := make([]bulk.Job, len(ended))
	for i, e := range ended {
		jobs[i] = e.Job
	}

	return jobs
}

// clean sends what the jobs have refused once more, and records what cannot be sent.
func (c *customerImport) clean(ctx context.Context, w bulk.Work, unclean []endedJob, settled *bulk.Settled) error {
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
		id := r.ExternalID
		if uuid.Validate(id) != nil {
			id = "unknown" // whatever it is, it is not a commercetools id
		}

		settled.Failures = append(settled.Failures, failure(id, "Klaviyo could not import the profile", r.Code, r.Pointer))
	}

	return nil
}

// refusedBy returns what an ended job has refused, each profile once, and counts what Klaviyo does not explain.
func (c *customerImport) refusedBy(
	ctx context.Context, job bulk.Job, state klaviyo.Job, settled *bulk.Settled,
) ([]klaviyo.ImportError, error) {
	var refused []klaviyo.ImportError

	if state.Failed > 0 {
		var err error
		if refused, err = c.kl.ImportErrors(ctx, job.ID); err != nil && !klaviyo.IsNotFound(err) {
			return nil, err
		}
	}

	refused = distinct(refused, job.Rows)

	if unexplained := job.Rows - state.Completed - len(refused); unexplained > 0 {
		settled.Failed += unexplained
		settled.Failures = append(settled.Failures, bulk.Failure{
			ID:     "job " + job.ID,
			Reason: fmt.Sprintf("Klaviyo ended the job as %q and does not account for %d of its %d profiles; import again", state.Status, unexplained, job.Rows),
		})
	}

	return refused, nil
}

// distinct returns the first error of each profile, and never more than there were profiles.
func distinct(refused []klaviyo.ImportError, rows int) []klaviyo.ImportError {
	seen := map[string]bool{}
	first := refused[:0]

	for _, r := range refused {
		if r.ExternalID != "" && seen[r.ExternalID] {
			continue
		}

		seen[r.ExternalID] = true
		first = append(first, r)
	}

	return first[:min(len(first), rows)]
}

// conflict tells whether another profile owns an identifier, going by Klaviyo's name of the error, duplicate_profile.
func conflict(r klaviyo.ImportError) bool {
	return strings.Contains(r.Code, "duplicate") || strings.Contains(r.Code, "conflict")
}

// again sends refused profiles once more, as the customers are now and without the identifiers that another profile may
// own, or a phone number that Klaviyo does not take. It returns those that there is no other way to send.
func (c *customerImport) again(
	ctx context.Context, w bulk.Work, try int, refused []klaviyo.ImportError, settled *bulk.Settled,
) (left []klaviyo.ImportError, err error) {
	byID := map[string]klaviyo.ImportError{}

	for _, r := range refused {
		// What is no id of ours cannot be looked up.
		if !conflict(r) && !r.IsPhoneRefused() || uuid.Validate(r.ExternalID) != nil {
			left = append(left, r)
		} else {
			byID[r.ExternalID] = r
		}
	}

	// A shard's jobs together may refuse more than goes into one.
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(byID)), maxAgain) {
		batch, unsent, err := c.fillAgain(ctx, ids, try)
		if err != nil {
			return nil, err
		}

		for _, id := range unsent {
			left = append(left, byID[id])
		}

		if err := c.sendAgain(ctx, w, batch, try, settled); err != nil {
			return nil, err
		}
	}

	return left, nil
}

// maxAgain profiles fit into one batch unless they are larger than 1 KB on the average.
const maxAgain = 5_000

// fillAgain returns a batch of customers, and the ids of those that do not get in.
func (c *customerImport) fillAgain(ctx context.Context, ids []string, try int) (*klaviyo.ProfileBatch, []string, error) {
	var (
		batch  klaviyo.ProfileBatch
		unsent []string
	)

	err := c.customers.each(ctx, ids, func(some []record[commercetools.Customer]) error {
		for _, r := range some {
			if !c.addAgain(&batch, r, try) {
				unsent = append(unsent, r.id)
			}
		}

		return nil
	})

	return &batch, unsent, err
}

// addAgain tells whether there is another way to send the customer, and adds it.
func (c *customerImport) addAgain(batch *klaviyo.ProfileBatch, r record[commercetools.Customer], try int) bool {
	profile, err := mapped(r, c.profile)
	if err != nil {
		return false
	}

	ways := klaviyo.Identities(profile)

	return try < len(ways) && batch.Add(r.id, ways[try].Profile) == nil
}

func (c *customerImport) sendAgain(
	ctx context.Context, w bulk.Work, batch *klaviyo.ProfileBatch, try int, settled *bulk.Settled,
) error {
	if batch.Len() == 0 {
		return nil
	}

	if err := w.Proceed(ctx); err != nil {
		return err
	}

	jobs, failures, err := c.importProfiles(ctx, batch, try)
	if err != nil {
		return err
	}

	settled.Pending = append(settled.Pending, jobs...)
	settled.Failed += len(failures)
	settled.Failures = append(settled.Failures, failures...)

	return nil
}
