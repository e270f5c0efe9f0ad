package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/jedib0t/go-pretty/v6/table"
	"golang.org/x/term"

	"github.com/ctklaviyo/connector/shared/bulk"
)

const (
	// someFailures is how many failures of a run are shown.
	someFailures = 10
	// linesEvery is how often a line is written where there is no terminal.
	linesEvery = 2 * time.Second
)

// bars show the progress of each resource: bars on a terminal, plain lines elsewhere.
type bars struct {
	out      io.Writer
	terminal progress.Writer
	trackers map[bulk.Resource]*progress.Tracker
	rendered chan struct{}
	lastLine time.Time
}

func newBars(out io.Writer, resources []bulk.Resource) *bars {
	b := &bars{out: out}

	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return b
	}

	b.terminal = progress.NewWriter()
	b.terminal.SetOutputWriter(out)
	b.terminal.SetUpdateFrequency(pollEvery)
	b.terminal.SetNumTrackersExpected(len(resources))
	b.terminal.SetTrackerPosition(progress.PositionRight)
	b.terminal.SetStyle(progress.StyleBlocks)
	b.terminal.Style().Visibility.Speed = true
	b.terminal.Style().Visibility.ETA = true

	b.trackers = map[bulk.Resource]*progress.Tracker{}
	for _, r := range resources {
		b.trackers[r] = &progress.Tracker{Message: string(r), DeferStart: true}
		b.terminal.AppendTracker(b.trackers[r])
	}

	b.rendered = make(chan struct{})

	go func() {
		defer close(b.rendered)
		b.terminal.Render()
	}()

	return b
}

// show brings the bar of a resource up to date.
func (b *bars) show(p bulk.Progress) {
	ended := p.Status != bulk.Running

	if b.terminal == nil {
		if ended || time.Since(b.lastLine) >= linesEvery {
			b.lastLine = time.Now()
			fmt.Fprintln(b.out, line(p))
		}

		return
	}

	t := b.trackers[p.Resource]
	t.Start()
	// What is read is not done before Klaviyo's jobs are; the library takes a full bar for the end.
	total := max(p.Total, p.Read+1)
	t.UpdateTotal(int64(total))
	t.SetValue(int64(p.Read))

	if p.Failed > 0 {
		t.UpdateMessage(fmt.Sprintf("%s, %d failed", p.Resource, p.Failed))
	}

	switch {
	case p.Status == bulk.Done:
		t.UpdateTotal(int64(max(p.Read, 1)))
		t.MarkAsDone()
	case ended:
		t.MarkAsErrored()
	}
}

// say writes a line that stays.
func (b *bars) say(text string) {
	if b.terminal != nil {
		b.terminal.Log("%s", text)

		return
	}

	fmt.Fprintln(b.out, text)
}

// stop ends the drawing, so that others can write; a second time it does nothing.
func (b *bars) stop() {
	if b.terminal == nil || b.rendered == nil {
		return
	}

	b.terminal.Stop()
	<-b.rendered
	b.rendered = nil
}

func line(p bulk.Progress) string {
	return fmt.Sprintf("%s: %s, %d of about %d read, %d sent, %d failed, %d skipped, %.0f a second",
		p.Resource, state(p), p.Read, p.Total, p.Sent, p.Failed, p.Skipped, p.PerSecond)
}

// state is the status, and that nothing was really sent.
func state(p bulk.Progress) string {
	if p.DryRun {
		return string(p.Status) + " (dry run)"
	}

	return string(p.Status)
}

// row is one resource in the closing table.
type row struct {
	bulk.Progress

	ctRequests, klRequests int64
}

func writeTable(out io.Writer, rows []row) {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"", "status", "read", "sent", "failed", "skipped", "requests to\ncommercetools", "requests to\nKlaviyo", "seconds"})

	for _, r := range rows {
		t.AppendRow(table.Row{
			r.Resource, state(r.Progress), r.Read, r.Sent, r.Failed, r.Skipped, r.ctRequests, r.klRequests,
			fmt.Sprintf("%.1f", r.FinishedAt.Sub(r.StartedAt).Seconds()),
		})
	}

	t.Render()

	for _, r := range rows {
		for _, f := range r.Errors {
			fmt.Fprintf(out, "failed: %s %s: %s\n", r.Resource, f.ID, f.Reason)
		}
	}
}
