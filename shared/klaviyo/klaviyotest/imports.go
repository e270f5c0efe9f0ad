package klaviyotest

import (
	"fmt"
	"net/http"
	"time"
)

const importKind = "profile-bulk-import-job"

func (s *Server) importRoutes() {
	path := jobsPath(importKind)

	s.handle(path, map[string]operation{
		http.MethodPost: {name: "bulk_import_profiles", maxBody: maxRequest, answer: s.startImport},
	})
	s.handle(path+"/{id}", map[string]operation{
		http.MethodGet: {name: "get_bulk_import_profiles_job", answer: s.getImport},
	})
	s.handle(path+"/{id}/import-errors", map[string]operation{
		http.MethodGet: {name: "get_errors_for_bulk_import_profiles_job", answer: s.getImportErrors},
	})
}

type importJob struct {
	job

	errors []importError
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

	j := &importJob{job: job{kind: importKind}}
	s.start(&j.job, len(rows), now, func() { s.profiles.run(j, rows) })
	s.imports[j.id] = j

	return one(http.StatusAccepted, importKind, j.id, j.path(), j.attributes(now))
}

// run imports the rows of a job. One whose identifiers belong to several profiles becomes an import error.
func (s *profileStore) run(job *importJob, rows []importRow) {
	for i, row := range rows {
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
}

func (s *Server) getImport(r *http.Request, _ []byte) answer {
	now := time.Now()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)

	id := r.PathValue("id")

	j := s.imports[id]
	if j == nil {
		return notFound(importKind, id)
	}

	return one(http.StatusOK, importKind, id, j.path(), j.attributes(now))
}

func (s *Server) getImportErrors(r *http.Request, _ []byte) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(time.Now())

	id := r.PathValue("id")

	j := s.imports[id]
	if j == nil {
		return notFound(importKind, id)
	}

	return page(r.URL, defaultPage, j.errors, func(e importError) resource {
		return resource{Type: "import-error", ID: e.id, Attributes: map[string]any{
			"code":             "duplicate_profile",
			"title":            "Conflict.",
			"detail":           "The identifiers belong to more than one profile.",
			"source":           source{"/data/attributes"},
			"original_payload": e.row.raw,
		}}
	})
}
