package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// pollEvery is how often a run's progress is read while it lasts.
const pollEvery = 100 * time.Millisecond

// imports are what `run` was asked for.
type imports struct {
	resources []bulk.Resource
	options   bulk.Options
	restart   bool
	// state is the flag --state.
	state   string
	display display
}

// all imports one resource after the other, and shows what became of each.
func (i *imports) all(ctx context.Context, c *connector) error {
	var (
		rows []row
		err  error
	)

	defer i.display.close()

	for _, resource := range i.resources {
		ctBefore, klBefore := c.ct.Requests(), c.kl.Requests()

		var p bulk.Progress
		if p, err = i.one(ctx, c, resource); p.Run != "" {
			r := row{
				Progress: p, interrupted: err != nil,
				ctRequests: c.ct.Requests() - ctBefore, klRequests: c.kl.Requests() - klBefore,
			}
			rows = append(rows, r)
			i.display.end(r)
		}

		if err != nil {
			break
		}
	}

	if err == nil {
		return verdict(rows)
	}

	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit
	}

	return &exitError{code: exitStopped, err: err}
}

// one imports a resource and waits for the end. With an error it returns how far the run is, which is still going.
func (i *imports) one(ctx context.Context, c *connector, resource bulk.Resource) (bulk.Progress, error) {
	run, err := i.begin(ctx, c, resource)
	if err != nil {
		return bulk.Progress{}, err
	}

	ticks := time.NewTicker(pollEvery)
	defer ticks.Stop()

	for {
		p, err := c.control.Progress(ctx, resource, someFailures)
		if err != nil {
			return p, err
		}

		i.display.show(p)

		if p.Status != bulk.Running {
			return p, nil
		}

		select {
		case <-ctx.Done():
			return p, i.interrupted(p, run.Options, c.demo != nil)
		case <-ticks.C:
		}
	}
}

// begin starts a run, or goes on with one that was interrupted.
func (i *imports) begin(ctx context.Context, c *connector, resource bulk.Resource) (bulk.Run, error) {
	// First, since a start would take over an import that was interrupted long ago, and begin anew.
	run, interrupted, err := c.control.Resume(ctx, resource)

	switch {
	case err != nil:
		return run, err
	case interrupted && i.restart:
		if _, err := c.control.Stop(ctx, resource); err != nil {
			return run, err
		}
	case interrupted && run.Options.DeleteAll:
		return run, &exitError{code: exitUse, err: fmt.Errorf(
			"a deletion of all %s was interrupted; `serve` goes on with it, or add --restart to drop it", resource)}
	case interrupted && !same(run.Options, i.options):
		return run, &exitError{code: exitUse, err: fmt.Errorf(
			"an import of %s with other options was interrupted; to go on with it: %s; to drop it, add --restart to yours",
			resource, i.command(run.Options, resource))}
	case interrupted:
		i.display.say(fmt.Sprintf("%s: going on with the interrupted import %s", resource, run.ID))

		return run, nil
	}

	return c.control.Start(ctx, resource, i.options)
}

// interrupted says how far the import is, and how to go on. The command is not always the same: a time that was told as so
// long ago is another one by then, --restart would drop the import, and what was done before would be done again.
func (i *imports) interrupted(p bulk.Progress, o bulk.Options, demo bool) error {
	far := fmt.Sprintf("interrupted: of about %d %s %d were read, %d sent, %d failed", p.Total, p.Resource, p.Read, p.Sent, p.Failed)
	if demo {
		return fmt.Errorf("%s; the demo shop is gone with the process", far)
	}

	return fmt.Errorf("%s; to go on: %s", far, i.command(o, i.resources[slices.Index(i.resources, p.Resource):]...))
}

// command imports the resources with these options, from and into the same state file.
func (i *imports) command(o bulk.Options, resources ...bulk.Resource) string {
	words := []string{calledAs(os.Args[0]), "run"}
	for _, r := range resources {
		words = append(words, string(r))
	}

	words = append(words, flags(o)...)

	if i.state != "" {
		words = append(words, "--state", i.state)
	}

	return strings.Join(words, " ")
}

// calledAs is how to call this program again, from where it was called.
func calledAs(program string) string {
	if strings.Contains(program, string(filepath.Separator)+"go-build") { // go run has made it, and takes it away
		return "go run ./functions/local"
	}

	return program
}

// same tells whether two imports are narrowed down alike.
func same(a, b bulk.Options) bool {
	return slices.Equal(a.IDs, b.IDs) && a.Since.Equal(b.Since) && a.StartID == b.StartID && a.DryRun == b.DryRun &&
		a.DeleteAll == b.DeleteAll
}

// flags are those that make an import with these options.
func flags(o bulk.Options) []string {
	var words []string

	if len(o.IDs) > 0 {
		words = append(words, "--ids", strings.Join(o.IDs, ","))
	}

	if !o.Since.IsZero() {
		words = append(words, "--since", o.Since.Format(time.RFC3339Nano))
	}

	if o.StartID != "" {
		words = append(words, "--start-id", o.StartID)
	}

	if o.DryRun {
		words = append(words, "--dry-run")
	}

	return words
}

// verdict is the error, with its exit code, of imports that have all ended.
func verdict(rows []row) error {
	var failed int

	for _, r := range rows {
		switch r.Status {
		case bulk.Failed:
			return &exitError{code: exitStopped, err: fmt.Errorf("the import of %s could not go on: %s; `doctor` looks for the cause", r.Resource, r.Reason)}
		case bulk.Stopped:
			return &exitError{code: exitStopped, err: fmt.Errorf("the import of %s was stopped", r.Resource)}
		case bulk.Done, bulk.Running, bulk.Never:
			failed += r.Failed
		}
	}

	if failed > 0 {
		return &exitError{code: exitFailedRecords, err: fmt.Errorf("%d failed; the last %d reasons of each resource stand above", failed, someFailures)}
	}

	return nil
}
