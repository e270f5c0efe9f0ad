package klaviyo

import (
	"context"
	"net/http"
	"net/url"
)

// ImportProfiles starts a bulk import job and returns its id. Klaviyo looks over all rows first and takes none when one is
// malformed; the rows that it points at come back as refused, and the rest is sent again. A row that it refuses for the phone
// number goes without it. The job id is "" when no row is left. Every other answer, also a 400 that points at no row, is an
// *[Error]. Limits: 10/s and 150/min.
//
// The job is done later: see [Client.ImportJob].
func (c *Client) ImportProfiles(ctx context.Context, b *ProfileBatch) (jobID string, refused []Refused, err error) {
	jobID, _, refused, err = c.startJob(ctx, bulkImportProfiles, profileForm(), &b.rows)

	return jobID, refused, err
}

// Job is the state of a bulk job.
type Job struct {
	// Status is queued, processing, complete or cancelled.
	Status string
	// Total, Completed and Failed count rows.
	Total, Completed, Failed int
}

// Ended tells whether nothing more will happen.
func (j Job) Ended() bool { return j.Status != "queued" && j.Status != "processing" }

// jobState is a [Job] as Klaviyo sends it.
type jobState struct {
	Status    string `json:"status"`
	Total     int    `json:"total_count"`
	Completed int    `json:"completed_count"`
	Failed    int    `json:"failed_count"`
}

// ImportJob returns the state of a bulk import job. Klaviyo forgets a job after some days; then the *[Error] is one that
// [IsNotFound] knows. Limits: 10/s and 150/min.
func (c *Client) ImportJob(ctx context.Context, id string) (Job, error) {
	var answer document[struct {
		identity

		Attributes jobState `json:"attributes"`
	}]

	path := profileForm().path() + "/" + url.PathEscape(id)
	if err := c.send(ctx, request{operation: getImportJob, method: http.MethodGet, path: path}, &answer); err != nil {
		return Job{}, err
	}

	if answer.Data.ID == "" {
		return Job{}, errNoID
	}

	return Job(answer.Data.Attributes), nil
}
