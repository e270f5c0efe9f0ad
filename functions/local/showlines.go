package main

import (
	"fmt"
	"io"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// lines are for a pipe or a file: a line every two seconds, and one at the end of each resource.
type lines struct {
	out  io.Writer
	pace pace
	last time.Time
	rows []row
}

func (l *lines) show(p bulk.Progress) {
	now := time.Now()

	perSecond, left := l.pace.of(p, now)
	if p.Status == bulk.Running && now.Sub(l.last) < linesEvery {
		return
	}

	l.last = now

	text := fmt.Sprintf("%s: %s, %d of about %d read, %d sent, %d failed, %d skipped, %.0f a second",
		p.Resource, row{Progress: p}.state(), p.Read, p.Total, p.Sent, p.Failed, p.Skipped, perSecond)
	if left > 0 {
		text += fmt.Sprintf(", %s left", left)
	}

	fmt.Fprintln(l.out, text)
}

func (l *lines) say(text string) { fmt.Fprintln(l.out, text) }

func (l *lines) end(r row) { l.rows = append(l.rows, r) }

func (l *lines) close() { writeTable(l.out, l.rows) }
