package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// reports are for scripts: JSON on a line of its own every two seconds, and one at the end of each resource. What is for
// people goes elsewhere.
type reports struct {
	out   *json.Encoder
	notes io.Writer
	last  time.Time
}

// report is a line; reportHelp describes it.
type report struct {
	Final bool `json:"final"`
	bulk.Progress

	Interrupted           bool  `json:"interrupted,omitempty"`
	CommercetoolsRequests int64 `json:"commercetoolsRequests,omitempty"`
	KlaviyoRequests       int64 `json:"klaviyoRequests,omitempty"`
}

// reportHelp is what the help says of a report; a test holds it against the fields.
const reportHelp = `With --json the standard output is one JSON object on each line, and nothing else: a report every two seconds, and a
last one for each resource that was begun, with "final":true. Notes and errors go to the standard error. The fields:

  final                  the last one of its resource
  run, resource          the import's id, and what is imported
  status                 running, done, stopped or failed; failed could not go on, and reason says why
  ids, since, startId    what it was narrowed to: how many ids, a time, an id
  dryRun, deleteAll      nothing is sent; a deletion, which serve starts
  total                  about how many records there are
  read, sent             records of commercetools; those that Klaviyo has accepted
  failed, skipped        refused or unreadable; nothing to send, such as an order of nobody
  perSecond              records read a second since the start
  startedAt, finishedAt, estimatedEnd
  errors                 the last 10 failures: id, reason, and Klaviyo's code and pointer
  interrupted            in the last one: it goes on with the next run
  commercetoolsRequests, klaviyoRequests   in the last one: how many requests it took

What is 0, false or unknown may be missing, but for final, total, read, sent, failed, skipped and perSecond.`

func newReports(out, notes io.Writer) *reports {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)

	return &reports{out: encoder, notes: notes}
}

func (r *reports) show(p bulk.Progress) {
	if now := time.Now(); p.Status == bulk.Running && now.Sub(r.last) >= linesEvery {
		r.last = now
		r.write(report{Progress: p})
	}
}

func (r *reports) say(text string) { fmt.Fprintln(r.notes, text) }

func (r *reports) end(one row) {
	r.write(report{
		Final: true, Progress: one.Progress, Interrupted: one.interrupted,
		CommercetoolsRequests: one.ctRequests, KlaviyoRequests: one.klRequests,
	})
}

func (r *reports) close() {}

func (r *reports) write(one report) {
	if err := r.out.Encode(one); err != nil {
		r.say("a report could not be written: " + err.Error())
	}
}
