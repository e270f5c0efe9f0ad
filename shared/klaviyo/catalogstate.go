package klaviyo

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// CatalogJob is the state of a bulk job for the catalog.
type CatalogJob struct {
	Job

	// Errors say why rows failed.
	Errors []CatalogJobError
}

// CatalogJobError says why a row of a job failed.
type CatalogJobError struct {
	// Row is the number of the row, see [StartedJob]; -1 when Klaviyo doesn't tell.
	Row int
	// Code and Title say why; Klaviyo does not document them.
	Code, Title string
	// Pointer is the place within the row, "/attributes/external_id", and without one as Klaviyo gives it.
	Pointer string
}

// catalogJob is a job as Klaviyo sends it.
type catalogJob struct {
	ID         string `json:"id"`
	Attributes struct {
		jobState

		Errors []struct {
			Code   string `json:"code"`
			Title  string `json:"title"`
			Source struct {
				Pointer string `json:"pointer"`
			} `json:"source"`
		} `json:"errors"`
	} `json:"attributes"`
}

func (j catalogJob) state(f form) CatalogJob {
	state := CatalogJob{Job: Job(j.Attributes.jobState)}

	for _, e := range j.Attributes.Errors {
		failed := CatalogJobError{Code: e.Code, Title: e.Title, Pointer: e.Source.Pointer}

		number, within := rowAt(e.Source.Pointer, f.pointer())
		if failed.Row = number; number >= 0 {
			failed.Pointer = within
		}

		state.Errors = append(state.Errors, failed)
	}

	return state
}

// maxJobPages is how many pages of jobs are read in search of some: those that can be in progress, 500.
const maxJobPages = 5

// jobStates are jobs by their ids, and whether one of them has not ended.
type jobStates struct {
	found map[string]CatalogJob
	open  bool
}

func (s *jobStates) add(job catalogJob, f form) {
	state := job.state(f)
	s.found[job.ID] = state
	s.open = s.open || !state.Ended()
}

// CatalogJobs returns how jobs of one kind stand, by their ids, in as few requests as it can: Klaviyo lists 100 jobs at once,
// in an order that it doesn't document, and those that are not among the first 500 are asked for one by one, as are all where
// there is no such list. A job that Klaviyo has forgotten is not in the map. Nor are others that it has not come to when one has
// not ended: then it asks no further. Limits, of each kind: at least 75/s and 750/min.
func (c *Client) CatalogJobs(ctx context.Context, kind JobKind, ids []string) (map[string]CatalogJob, error) {
	query := url.Values{
		"fields[" + string(kind) + "]": {"status,total_count,completed_count,failed_count,errors"},
		"page[size]":                   nil, // the list takes none, and gives 100
	}
	states := jobStates{found: make(map[string]CatalogJob, len(ids))}

	// Whether it is Klaviyo that has no such list, or something on the way, turns out when the jobs are asked for.
	if err := c.listJobs(ctx, kind, query, ids, &states); err != nil && !isStatus(err, http.StatusNotFound, http.StatusMethodNotAllowed) {
		return nil, err
	}

	for _, id := range slices.Backward(ids) { // those that were started last are likely to be the last to end
		if states.open {
			break
		}

		if _, known := states.found[id]; known {
			continue
		}

		if err := c.getJob(ctx, kind, query, id, &states); err != nil && !IsNotFound(err) {
			return nil, err
		}
	}

	return states.found, nil
}

// listJobs reads the list of jobs until at most one of these is missing, or one has not ended.
func (c *Client) listJobs(ctx context.Context, kind JobKind, query url.Values, ids []string, states *jobStates) error {
	missing := map[string]bool{}
	for _, id := range ids {
		missing[id] = true
	}

	at := ""

	for range maxJobPages {
		if len(missing) < 2 || states.open {
			break
		}

		page, next, err := getPage[catalogJob](ctx, c, kind.gets()+"s", kind.form().path(), query, at)
		if err != nil {
			return err
		}

		for _, job := range page {
			if missing[job.ID] {
				states.add(job, kind.form())
				delete(missing, job.ID)
			}
		}

		if next == "" {
			break
		}

		at = next
	}

	return nil
}

func (c *Client) getJob(ctx context.Context, kind JobKind, query url.Values, id string, states *jobStates) error {
	f := kind.form()

	var answer document[catalogJob]

	err := c.send(ctx, request{
		operation: kind.gets(), method: http.MethodGet, path: f.path() + "/" + url.PathEscape(id), query: query,
	}, &answer)

	switch {
	case err != nil:
		return err
	case answer.Data.ID == "":
		return errNoID
	default:
		answer.Data.ID = id
		states.add(answer.Data, f)

		return nil
	}
}

func isStatus(err error, statuses ...int) bool {
	e, ok := errors.AsType[*Error](err)

	return ok && slices.Contains(statuses, e.Status)
}

// OpenCatalogJobs returns the ids of the jobs of one kind that have not ended, whoever has started them: none where there is no
// list of them. A 404 has to be Klaviyo's own for that, as for [IsNotFound]. Limits, of each kind: 75/s and 750/min.
func (c *Client) OpenCatalogJobs(ctx context.Context, kind JobKind) ([]string, error) {
	var ids []string

	// In the order of a job's life, so that none slips through.
	for _, status := range []string{"queued", "processing"} {
		jobs, err := collect[identity](ctx, c, kind.gets()+"s", kind.form().path(), url.Values{
			"filter":                       {"equals(status," + quoted(status) + ")"},
			"fields[" + string(kind) + "]": {"status"},
			"page[size]":                   nil,
		})
		if IsNotFound(err) || isStatus(err, http.StatusMethodNotAllowed) {
			return nil, nil
		}

		if err != nil {
			return nil, err
		}

		for _, job := range jobs {
			ids = append(ids, job.ID)
		}
	}

	slices.Sort(ids)

	return slices.Compact(ids), nil
}
