package klaviyotest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

const (
	maxCatalogRows = 100
	// maxInProgress is how many jobs of one kind may be on their way.
	maxInProgress = 500
)

// catalogJobs are the bulk jobs of one kind.
type catalogJobs struct {
	sh   *shelf
	kind string
	// action is create, update or delete.
	action string
	byID   map[string]*catalogJob
	// ids are those of all jobs, in the order of their arrival.
	ids []string
}

type catalogJob struct {
	job

	rows   []sentResource
	errors []map[string]any
}

func (s *Server) catalogJobRoutes(sh *shelf) {
	for _, action := range []string{"create", "update", "delete"} {
		jobs := &catalogJobs{sh: sh, kind: sh.name + "-bulk-" + action + "-job", action: action, byID: map[string]*catalogJob{}}
		starts := "bulk_" + action + "_catalog_" + sh.plural

		gets := "get_bulk_" + action + "_" + sh.plural + "_job"
		if sh.name == "catalog-item" {
			gets = "get_" + starts + "_job"
		}

		s.handle(jobsPath(jobs.kind), map[string]operation{
			http.MethodPost: {name: starts, maxBody: maxRequest, answer: func(_ *http.Request, body []byte) answer {
				return s.startCatalogJob(jobs, body)
			}},
			http.MethodGet: {name: gets + "s", answer: func(r *http.Request, _ []byte) answer {
				return s.listCatalogJobs(jobs, r)
			}},
		})
		s.handle(jobsPath(jobs.kind)+"/{id}", map[string]operation{
			http.MethodGet: {name: gets, answer: func(r *http.Request, _ []byte) answer {
				return s.getCatalogJob(jobs, r.PathValue("id"))
			}},
		})
	}
}

// startCatalogJob looks over all rows first, as Klaviyo does with profiles and events; of the catalog it doesn't say.
func (s *Server) startCatalogJob(jobs *catalogJobs, body []byte) answer {
	rows, wrong := jobs.decode(body)
	if len(wrong) > 0 {
		return invalids(wrong)
	}

	now := time.Now()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)

	if s.inProgress[jobs.kind] >= maxInProgress {
		s.throttled.Add(1)

		return problem(http.StatusTooManyRequests, "throttled", "Too many jobs.", "At most 500 jobs may be in progress.")
	}

	j := &catalogJob{rows: rows, job: job{kind: jobs.kind}}
	s.start(&j.job, len(rows), now, func() { jobs.run(j) })

	jobs.byID[j.id] = j
	jobs.ids = append(jobs.ids, j.id)

	return one(http.StatusAccepted, j.kind, j.id, j.path(), j.attributes(now))
}

// rowsAt is the pointer of the rows in a request, and in the errors of the job.
func (jobs *catalogJobs) rowsAt() string { return "/data/attributes/" + jobs.sh.plural + "/data" }

func (jobs *catalogJobs) decode(body []byte) ([]sentResource, []fault) {
	var d struct {
		Data struct {
			Type       string `json:"type"`
			Attributes map[string]struct {
				Data []json.RawMessage `json:"data"`
			} `json:"attributes"`
		} `json:"data"`
	}

	if err := json.Unmarshal(body, &d); err != nil || d.Data.Type != jobs.kind {
		return nil, []fault{{"The payload is not valid.", "/data"}}
	}

	sent := d.Data.Attributes[jobs.sh.plural].Data
	if len(sent) == 0 || len(sent) > maxCatalogRows {
		return nil, []fault{{fmt.Sprintf("Between 1 and %d rows are expected.", maxCatalogRows), jobs.rowsAt()}}
	}

	rows := make([]sentResource, len(sent))

	var wrong []fault

	for i, raw := range sent {
		var faults []fault

		pointer := fmt.Sprintf("%s/%d", jobs.rowsAt(), i)
		if jobs.action == "delete" {
			rows[i], faults = jobs.sh.decodeReference(raw, pointer)
		} else {
			rows[i], faults = jobs.sh.decode(raw, jobs.action == "create", pointer)
		}

		wrong = append(wrong, faults...)
	}

	return rows, wrong
}

// run does the rows one after the other. Klaviyo doesn't document how it says what has failed; this is made up.
func (jobs *catalogJobs) run(j *catalogJob) {
	for i, row := range j.rows {
		f, code := jobs.do(row, j.due)
		if code == "" {
			continue
		}

		j.failed++
		j.errors = append(j.errors, map[string]any{
			"id": fmt.Sprintf("%s-%d", j.id, i), "code": code, "title": "The row failed.", "detail": f.detail,
			"source": source{fmt.Sprintf("%s/%d%s", jobs.rowsAt(), i, f.pointer)},
		})
	}

	j.rows = nil
}

// do does a row; a code says why it fails.
func (jobs *catalogJobs) do(row sentResource, now time.Time) (f fault, code string) {
	id := row.id
	if jobs.action == "create" {
		id = klaviyo.CompoundID(text(row.attributes, "external_id"))
	}

	external, e := jobs.sh.find(id)

	switch {
	case jobs.action == "create" && e != nil:
		return fault{"A " + jobs.sh.name + " with id " + id + " already exists.", "/attributes/external_id"}, "duplicate"
	case jobs.action != "create" && e == nil:
		return fault{"A " + jobs.sh.name + " with id " + id + " does not exist.", "/id"}, "not_found"
	case jobs.action == "delete":
		jobs.sh.remove(external)

		return fault{}, ""
	}

	if ref, missing := jobs.sh.missing(row); missing {
		return fault{"A " + jobs.sh.target.name + " with id " + ref.ID + " does not exist.", "/relationships/" + jobs.sh.relation}, "not_found"
	}

	jobs.sh.put(external, row, now)

	return fault{}, ""
}

// resource is a job in an answer.
func (j *catalogJob) resource(now time.Time) resource {
	attributes := j.attributes(now)
	if len(j.errors) > 0 {
		attributes["errors"] = j.errors
	}

	return resource{Type: j.kind, ID: j.id, Attributes: attributes, Links: &links{Self: publicURL + j.path()}}
}

// statusForm is the only filter of a list of jobs.
var statusForm = regexp.MustCompile(`^equals\(status,"(queued|processing|complete|cancelled)"\)$`)

// listCatalogJobs lists the latest first. Klaviyo's order is not documented.
func (s *Server) listCatalogJobs(jobs *catalogJobs, r *http.Request) answer {
	now := time.Now()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)

	latest := slices.Clone(jobs.ids)
	slices.Reverse(latest)

	if filter := r.URL.Query().Get("filter"); filter != "" {
		status := statusForm.FindStringSubmatch(filter)
		if status == nil {
			return invalid("Invalid filter", "/data")
		}

		latest = slices.DeleteFunc(latest, func(id string) bool { return jobs.byID[id].status(now) != status[1] })
	}

	return page(r.URL, maxPage, latest, func(id string) resource { return jobs.byID[id].resource(now) })
}

func (s *Server) getCatalogJob(jobs *catalogJobs, id string) answer {
	now := time.Now()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)

	j := jobs.byID[id]
	if j == nil {
		return notFound(jobs.kind, id)
	}

	return answer{status: http.StatusOK, document: document{Data: j.resource(now), Links: links{Self: publicURL + j.path()}}}
}
