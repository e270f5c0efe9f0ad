package main

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// display shows imports, one resource after the other: bars on a terminal, lines elsewhere, and JSON for scripts.
type display interface {
	// show brings a resource up to date, some ten times a second. Its last time may be with a run that goes on without us.
	show(p bulk.Progress)
	// say tells something once.
	say(text string)
	// end is told what became of a resource that was begun.
	end(r row)
	// close shows what is left to show, of all resources.
	close()
}

const (
	// someFailures is how many failures of a run are shown.
	someFailures = 10
	// linesEvery is how often a line is written where there is no terminal.
	linesEvery = 2 * time.Second
)

// row is how a resource ended.
type row struct {
	bulk.Progress

	// interrupted is a run that goes on with the next command.
	interrupted            bool
	ctRequests, klRequests int64
}

// pace is how fast a resource has been since somebody looks: a run that was interrupted has stood still before.
type pace struct {
	resource bulk.Resource
	since    time.Time
	read     int
}

// of returns how many records were read a second, and how long the rest will take; 0 as long as nobody knows.
func (s *pace) of(p bulk.Progress, now time.Time) (perSecond float64, left time.Duration) {
	if s.resource != p.Resource {
		*s = pace{resource: p.Resource, since: now, read: p.Read}
	}

	elapsed := now.Sub(s.since).Seconds()
	if p.Read == s.read || elapsed <= 0 {
		return 0, 0
	}

	perSecond = float64(p.Read-s.read) / elapsed
	if p.Status == bulk.Running {
		left = time.Duration(float64(max(0, p.Total-p.Read)) / perSecond * float64(time.Second))
	}

	return perSecond, left.Round(time.Second)
}

// state is the status, and that nothing was really sent.
func (r row) state() string {
	status := string(r.Status)
	if r.interrupted {
		status = "interrupted"
	}

	if r.DryRun {
		status += " (dry run)"
	}

	return status
}

// seconds is how long the run took, or takes.
func (r row) seconds(now time.Time) float64 {
	if r.FinishedAt.IsZero() {
		return now.Sub(r.StartedAt).Seconds()
	}

	return r.FinishedAt.Sub(r.StartedAt).Seconds()
}

// writeTable writes how each resource ended, and the last failures; nothing when none was begun.
func writeTable(out io.Writer, rows []row) {
	if len(rows) == 0 {
		return
	}

	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"", "status", "read", "sent", "failed", "skipped", "requests to\ncommercetools", "requests to\nKlaviyo", "seconds"})

	for _, r := range rows {
		t.AppendRow(table.Row{
			r.Resource, r.state(), r.Read, r.Sent, r.Failed, r.Skipped, r.ctRequests, r.klRequests,
			fmt.Sprintf("%.1f", r.seconds(time.Now())),
		})
	}

	t.Render()

	for _, r := range rows {
		for _, f := range r.Errors {
			fmt.Fprintf(out, "failed: %s %s: %s\n", r.Resource, plain(f.ID), plain(f.Reason))
		}
	}
}
