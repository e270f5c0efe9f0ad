package bulkworker

import (
	"sync/atomic"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
)

const (
	// shortRest is too short to be worth it: jobs that took a few seconds are asked for whenever it is their turn.
	shortRest = 2 * time.Second
	// longestRest bounds what jobs that took exceptionally long do to the next ones.
	longestRest = time.Minute
)

// pace remembers how long Klaviyo took for its last jobs, which may be seconds or minutes, and lets those that follow rest for a
// third of that: to be told that they go on costs a request. It is no more than a third since jobs are looked after at
// intervals that double: this way it is found out when they have become faster. Nothing depends on it.
type pace struct{ took atomic.Int64 }

// withStart adds to jobs that they were started now.
func withStart(jobs []bulk.Job) []bulk.Job { return withTime(jobs, noteStarted, time.Now()) }

// since is how long ago these jobs were started; false when that is not noted.
func since(jobs []bulk.Job) (time.Duration, bool) {
	for _, text := range noted(jobs, noteStarted) {
		at, err := time.Parse(time.RFC3339Nano, text)

		return time.Since(at), err == nil
	}

	return 0, false
}

// due tells whether the jobs may have ended.
func (p *pace) due(jobs []bulk.Job) bool {
	rest := min(time.Duration(p.took.Load())/3, longestRest)
	age, known := since(jobs)

	return !known || rest < shortRest || age >= rest
}

// ended notes how long these have taken.
func (p *pace) ended(jobs []bulk.Job) {
	if age, known := since(jobs); known {
		p.took.Store(int64(age))
	}
}
