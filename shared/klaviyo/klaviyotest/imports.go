package klaviyotest

import (
	"fmt"
	"net/http"
	"time"
)

const importsPath = "/api/profile-bulk-import-jobs"

func (s *Server) importRoutes() {
	s.handle(importsPath, map[string]operation{
		http.MethodPost: {name: "bulk_import_profiles", maxBody: maxImport, answer: s.startImport},
	})
	s.handle(importsPath+"/{id}", map[string]operation{
		http.MethodGet: {name: "get_bulk_import_profiles_job", answer: s.getImport},
	})
	s.handle(importsPath+"/{id}/import-errors", map[string]operation{
		http.MethodGet: {name: "get_errors_for_bulk_import_profiles_job", answer: s.getImportErrors},
	})
}

// importJobs are the jobs, and which of them are still to be done, in the order of their arrival.
type importJobs struct {
	byID    map[string]*importJob
	pending []*importJob
}

type importJob struct {
	id            string
	created, due  time.Time
	rows          []importRow
	total, failed int
	errors        []importError
	done          bool
}

type importError struct {
	id  string
	row importRow
}

func (s *Server) startImport(_ *http.Request, body []byte) answer {
	rows, wrong := decodeImport(body)
	if wrong != nil {
		return invalids(wrong)
	}

	now := time.Now()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)

	job := &importJob{
		id:      fmt.Sprintf("01FAKEIMPORTJOB%011d", len(s.imports.byID)+1),
		created: now,
		due:     now.Add(s.opts.JobTime),
		rows:    rows,
		total:   len(rows),
	}
	s.imports.byID[job.id] = job
	s.imports.pending = append(s.imports.pending, job)

	return one(http.StatusAccepted, "profile-bulk-import-job", job.id, importsPath+"/"+job.id, job.attributes("queued"))
}

// settle does the jobs whose time has come. Nothing runs in the background: whoever looks at the state settles it first.
func (s *Server) settle(now time.Time) {
	for len(s.imports.pending) > 0 && !s.imports.pending[0].due.After(now) {
		s.profiles.run(s.imports.pending[0])
		s.imports.pending = s.imports.pending[1:]
	}
}

// run imports the rows of a job. One whose identifiers belong to several profiles becomes an import error.
func (s *store) run(job *importJob) {
	for i, row := range job.rows {
		p, clash := s.match(row.attributes)
		if clash {
			job.failed++
			job.errors = append(job.errors, importError{id: fmt.Sprintf("%s-%d", job.id, i), row: row})

			continue
		}

		if p == nil {
			p = s.create(job.due)
		}

		s.write(p, row.attributes, job.due)
	}

	job.rows, job.done = nil, true
}

func (s *Server) getImport(r *http.Request, _ []byte) answer {
	now := time.Now()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)

	id := r.PathValue("id")

	job := s.imports.byID[id]
	if job == nil {
		return notFound("profile-bulk-import-job", id)
	}

	status := "complete"

	switch half := job.created.Add(s.opts.JobTime / 2); {
	case job.done:
	case now.Before(half):
		status = "queued"
	default:
		status = "processing"
	}

	return one(http.StatusOK, "profile-bulk-import-job", job.id, importsPath+"/"+job.id, job.attributes(status))
}

// attributes are the job's in the answers. The counts come with the end.
func (j *importJob) attributes(status string) map[string]any {
	all := map[string]any{
		"status":          status,
		"created_at":      timestamp(j.created),
		"total_count":     j.total,
		"completed_count": 0,
		"failed_count":    0,
		"expires_at":      timestamp(j.created.AddDate(0, 0, 7)),
	}

	if j.done {
		all["completed_count"] = j.total - j.failed
		all["failed_count"] = j.failed
		all["completed_at"] = timestamp(j.due)
	}

	return all
}

func (s *Server) getImportErrors(r *http.Request, _ []byte) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(time.Now())

	id := r.PathValue("id")

	job := s.imports.byID[id]
	if job == nil {
		return notFound("profile-bulk-import-job", id)
	}

	return page(r.URL, defaultPage, job.errors, func(e importError) resource {
		return resource{Type: "import-error", ID: e.id, Attributes: map[string]any{
			"code":             "duplicate_profile",
			"title":            "Conflict.",
			"detail":           "The identifiers belong to more than one profile.",
			"source":           source{"/data/attributes"},
			"original_payload": e.row.raw,
		}}
	})
}
