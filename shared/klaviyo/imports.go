package klaviyo

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const importsPath = "/api/profile-bulk-import-jobs"

// Refused is a row of a batch that Klaviyo won't import.
type Refused struct {
	// Ref is the row's, as it was added.
	Ref string
	// Code and Title say why: "invalid", "Invalid input.".
	Code, Title string
	// Pointer is the place within the profile: "/attributes/email".
	Pointer string
}

// ImportProfiles starts a bulk import job and returns its id. Klaviyo looks over all rows first and takes none when one is
// malformed; the rows that it points at come back as refused, and the rest is sent again. The job id is "" when no row is
// left. Every other answer, also a 400 that points at no row, is an *[Error]. Limits: 10/s and 150/min.
//
// The job is done later: see [Client.ImportJob].
func (c *Client) ImportProfiles(ctx context.Context, b *ProfileBatch) (jobID string, refused []Refused, err error) {
	// Each turn ends the loop or takes at least one row out.
	for rows := b.rows; len(rows) > 0; {
		var answer document[identity]

		err := c.send(ctx, request{
			operation: bulkImportProfiles, method: http.MethodPost, path: importsPath, body: b.body(rows),
		}, &answer)
		if err == nil {
			if answer.Data.ID == "" {
				return "", nil, errNoID
			}

			return answer.Data.ID, refused, nil
		}

		bad := refusedRows(err)
		kept := make([]row, 0, len(rows))

		for i, r := range rows {
			if why, ok := bad[i]; ok {
				why.Ref = r.ref
				refused = append(refused, why)
			} else {
				kept = append(kept, r)
			}
		}

		if len(kept) == len(rows) {
			return "", nil, err
		}

		rows = kept
	}

	return "", refused, nil
}

// refusedRows are the rows that an answer points at: /data/attributes/profiles/data/17/attributes/email is number 17 of
// those that were sent. The first error of a row counts.
func refusedRows(err error) map[int]Refused {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status != http.StatusBadRequest {
		return nil
	}

	rows := map[int]Refused{}

	for _, d := range e.Details {
		place, ok := strings.CutPrefix(d.Pointer, "/data/attributes/profiles/data/")
		if !ok {
			continue
		}

		number, within, _ := strings.Cut(place, "/")

		i, err := strconv.Atoi(number)
		if err != nil {
			continue
		}

		if _, known := rows[i]; !known {
			rows[i] = Refused{Code: d.Code, Title: d.Title, Pointer: "/" + within}
		}
	}

	return rows
}

// Job is the state of a bulk import job.
type Job struct {
	// Status is queued, processing, complete or cancelled.
	Status string
	// Total, Completed and Failed count profiles.
	Total, Completed, Failed int
}

// Ended tells whether nothing more will happen.
func (j Job) Ended() bool { return j.Status != "queued" && j.Status != "processing" }

// ImportJob returns the state of a bulk import job. Klaviyo forgets a job after some days; then the *[Error] is one that
// [IsNotFound] knows. Limits: 10/s and 150/min.
func (c *Client) ImportJob(ctx context.Context, id string) (Job, error) {
	var answer document[struct {
		Attributes struct {
			Status    string `json:"status"`
			Total     int    `json:"total_count"`
			Completed int    `json:"completed_count"`
			Failed    int    `json:"failed_count"`
		} `json:"attributes"`
	}]

	path := importsPath + "/" + url.PathEscape(id)
	if err := c.send(ctx, request{operation: getImportJob, method: http.MethodGet, path: path}, &answer); err != nil {
		return Job{}, err
	}

	return Job(answer.Data.Attributes), nil
}
