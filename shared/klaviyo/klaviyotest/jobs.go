package klaviyotest

import (
	"fmt"
	"time"
)

// job is what bulk jobs have in common.
type job struct {
	kind, id      string
	created, due  time.Time
	total, failed int
	// work does the job; nil when it is done.
	work func()
}

// settle does the jobs whose time has come, in the order of their arrival. Nothing runs in the background: whoever looks at
// the state settles it first.
func (s *Server) settle(now time.Time) {
	for len(s.pending) > 0 && !s.pending[0].due.After(now) {
		j := s.pending[0]
		s.pending = s.pending[1:]
		s.inProgress[j.kind]--

		j.work()
		j.work = nil
	}
}

// start accepts a job of some rows.
func (s *Server) start(j *job, rows int, now time.Time, work func()) {
	s.started++
	j.id = fmt.Sprintf("01FAKEJOB%017d", s.started)
	j.created, j.due, j.total, j.work = now, now.Add(s.opts.JobTime), rows, work

	s.pending = append(s.pending, j)
	s.inProgress[j.kind]++
}

// path is where a kind of jobs is, or one of them.
func (j *job) path() string { return jobsPath(j.kind) + "/" + j.id }

func jobsPath(kind string) string { return "/api/" + kind + "s" }

// attributes are the job's in the answers. The counts come with the end.
func (j *job) attributes(now time.Time) map[string]any {
	all := map[string]any{
		"status":          j.status(now),
		"created_at":      timestamp(j.created),
		"total_count":     j.total,
		"completed_count": 0,
		"failed_count":    0,
		"expires_at":      timestamp(j.created.AddDate(0, 0, 7)),
	}

	if j.work == nil {
		all["completed_count"] = j.total - j.failed
		all["failed_count"] = j.failed
		all["completed_at"] = timestamp(j.due)
	}

	return all
}

func (j *job) status(now time.Time) string {
	switch {
	case j.work == nil:
		return "complete"
	case now.Before(j.created.Add(j.due.Sub(j.created) / 2)):
		return "queued"
	default:
		return "processing"
	}
}
