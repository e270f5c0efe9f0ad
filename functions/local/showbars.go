package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"golang.org/x/term"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// bars are for a terminal: a bar for each resource, all at once.
type bars struct {
	out      io.Writer
	writer   progress.Writer
	trackers map[bulk.Resource]*progress.Tracker
	pace     pace
	rendered chan struct{}
	rows     []row
}

// What is shown of a resource fits into 80 columns, with the percentage between message and bar, for some million records.
const (
	messageWidth = 62
	barWidth     = 10
)

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)

	return ok && term.IsTerminal(int(file.Fd()))
}

func newBars(out io.Writer, resources []bulk.Resource) *bars {
	b := &bars{
		out: out, writer: progress.NewWriter(), trackers: map[bulk.Resource]*progress.Tracker{}, rendered: make(chan struct{}),
	}
	b.writer.SetOutputWriter(out)
	b.writer.SetUpdateFrequency(pollEvery)
	b.writer.SetNumTrackersExpected(len(resources))
	b.writer.SetTrackerPosition(progress.PositionRight)
	b.writer.SetStyle(progress.StyleBlocks)
	b.writer.SetMessageLength(messageWidth)
	b.writer.SetTrackerLength(barWidth)

	// The library's own figures begin with this process, also for a run that goes on; ours stand in the message.
	style := b.writer.Style()
	style.Visibility.Value, style.Visibility.Time = false, false
	style.Options.Separator = " "
	style.Options.PercentFormat, style.Options.PercentIndeterminate = "%4.0f%%", "     "
	style.Options.DoneString, style.Options.ErrorString = "done", "not done"

	for _, r := range resources {
		b.trackers[r] = &progress.Tracker{Message: fmt.Sprintf("%-10s waits", r), DeferStart: true}
		b.writer.AppendTracker(b.trackers[r])
	}

	go func() {
		defer close(b.rendered)
		b.writer.Render()
	}()

	return b
}

func (b *bars) show(p bulk.Progress) {
	t := b.trackers[p.Resource]
	t.Start()
	// What is read is not done before Klaviyo's jobs are; the library takes a full bar for the end.
	t.UpdateTotal(int64(max(p.Total, p.Read+1)))
	t.SetValue(int64(p.Read))
	t.UpdateMessage(b.message(p, time.Now()))

	switch {
	case p.Status == bulk.Done:
		t.UpdateTotal(int64(max(p.Read, 1)))
		t.MarkAsDone()
	case p.Status != bulk.Running:
		t.MarkAsErrored()
	}
}

// message keeps its columns.
func (b *bars) message(p bulk.Progress, now time.Time) string {
	perSecond, left := b.pace.of(p, now)
	text := fmt.Sprintf("%-10s %7d of %-7d %5.0f/s %5d failed", p.Resource, p.Read, p.Total, perSecond, p.Failed)

	if left == 0 { // not known yet, waiting for Klaviyo's jobs, or at the end
		return text
	}

	return fmt.Sprintf("%s %6s left", text, min(left, 99*time.Hour))
}

func (b *bars) say(text string) { b.writer.Log("%s", text) }

func (b *bars) end(r row) { b.rows = append(b.rows, r) }

func (b *bars) close() {
	b.writer.Stop()
	<-b.rendered
	writeTable(b.out, b.rows)
}
