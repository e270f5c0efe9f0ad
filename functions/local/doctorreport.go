package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// checkStatus is what a check has found out.
type checkStatus string

const (
	checkOK      checkStatus = "ok"
	checkMissing checkStatus = "missing"
	checkFailed  checkStatus = "failed"
	checkSkipped checkStatus = "skipped"
)

// check is one line of a diagnosis.
type check struct {
	Status checkStatus `json:"status"`
	Check  string      `json:"check"`
	Detail string      `json:"detail"`
	// Next is what to do.
	Next string `json:"next,omitempty"`
}

// diagnosis is what the doctor has found so far.
type diagnosis struct {
	// out gets each check at once; nil keeps them for writeJSON.
	out    io.Writer
	checks []check

	// wrong tells that nothing could be checked, and unreached that a service did not answer.
	wrong, unreached bool
}

func (r *diagnosis) add(status checkStatus, name, detail, next string) {
	c := check{Status: status, Check: name, Detail: plain(detail), Next: next}
	r.checks = append(r.checks, c)

	if r.out == nil {
		return
	}

	text := fmt.Sprintf("%-8s %s: %s", c.Status, c.Check, c.Detail)
	if c.Next != "" {
		text += "; " + c.Next
	}

	fmt.Fprintln(r.out, text)
}

// failure says what is wrong with a service, and what to do.
func (r *diagnosis) failure(name string, err error, next string) {
	r.unreached = r.unreached || unanswered(err)
	r.add(checkFailed, name, err.Error(), next)
}

// unanswered tells whether a service was not there, or not able.
func unanswered(err error) bool {
	if e, ok := errors.AsType[*commercetools.Error](err); ok {
		return e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError
	}

	if e, ok := errors.AsType[*klaviyo.Error](err); ok {
		return e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError
	}

	_, answered := errors.AsType[*commercetools.DecodeError](err)

	return !answered
}

// wrongSettings has a line for each problem.
func (r *diagnosis) wrongSettings(err error) {
	r.wrong = true

	for problem := range strings.Lines(err.Error()) {
		r.add(checkFailed, "settings", strings.TrimSpace(problem), "")
	}

	r.add(checkSkipped, "everything else", "set these variables right first", "")
}

func (r *diagnosis) writeJSON(out io.Writer) error {
	return writeJSON(out, map[string][]check{"checks": append([]check{}, r.checks...)})
}

// verdict is the error to end with.
func (r *diagnosis) verdict() error {
	bad := 0

	for _, c := range r.checks {
		if c.Status == checkFailed || c.Status == checkMissing {
			bad++
		}
	}

	err := fmt.Errorf("%d of %d checks found something to do", bad, len(r.checks))

	switch {
	case r.wrong:
		return &exitError{code: exitUse, err: err}
	case r.unreached:
		return &exitError{code: exitStopped, err: err}
	case bad > 0:
		return &exitError{code: exitFailedRecords, err: err}
	default:
		return nil
	}
}
