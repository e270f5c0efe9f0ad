package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// pollEvery is how often a run's progress is read while it lasts.
const pollEvery = 100 * time.Millisecond

func runCommand(state *string) *cobra.Command {
	var (
		ids             []string
		since, startID  string
		dryRun, restart bool
	)

	c := &cobra.Command{
		Use:   "run [resource…]",
		Short: "Import resources into Klaviyo, and end",
		Long: "Imports the resources (all, when none is named) with progress bars, and ends with a table.\n" +
			"An import that was interrupted goes on where it stood.\n\n" +
			"Exit codes: 0 done, 1 records failed, 2 wrong use or settings, 3 it could not go on.",
		Example:   "  go run ./functions/local run\n  go run ./functions/local run customers --since 2026-01-01T00:00:00Z --dry-run",
		ValidArgs: resourceNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			resources, err := resourcesOf(args)
			if err != nil {
				return err
			}

			narrowed := bulk.Options{IDs: ids, StartID: startID, DryRun: dryRun}
			if cmd.Flags().Changed("since") {
				if narrowed.Since, err = bulk.ParseSince(since, time.Now()); err != nil {
					return fmt.Errorf("--%w", err)
				}
			}

			for _, resource := range resources {
				if err := narrowed.Normalize(resource); err != nil {
					return fmt.Errorf("%s: --%w", resource, err)
				}
			}
			c, err := connect(cmd.Context(), options{state: *state, level: slog.LevelWarn}, cmd.OutOrStdout())
			if err != nil {
				return err
			}

			return errors.Join(runAll(cmd.Context(), c, resources, narrowed, restart, cmd.OutOrStdout()), c.close())
		},
	}
	c.Flags().StringSliceVar(&ids, "ids", nil, "import these ids only")
	c.Flags().StringVar(&since, "since", "", "import what was modified since then only: 2026-01-01T00:00:00Z, or 26h ago")
	c.Flags().StringVar(&startID, "start-id", "", "import from this order on, in the order of their ids")
	c.Flags().BoolVar(&restart, "restart", false, "drop an import that was interrupted, and begin anew")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "read and map, and send nothing")

	return c
}

func resourceNames() []string {
	var names []string
	for _, r := range bulk.Resources() {
		names = append(names, string(r))
	}

	return names
}

func resourcesOf(args []string) ([]bulk.Resource, error) {
	if len(args) == 0 {
		return bulk.Resources(), nil
	}

	var resources []bulk.Resource

	for _, a := range args {
		if !bulk.Resource(a).Known() {
			return nil, fmt.Errorf("there is no import of %q; there is one of: %s", a, strings.Join(resourceNames(), ", "))
		}
	}

	for _, r := range bulk.Resources() {
		if slices.Contains(args, string(r)) {
			resources = append(resources, r)
		}
	}

	return resources, nil
}

// runAll imports one resource after the other, and shows what became of it.
func runAll(
	ctx context.Context, c *connector, resources []bulk.Resource, o bulk.Options, restart bool, out io.Writer,
) error {
	var summary []row

	bars := newBars(out, resources)
	defer bars.stop()

	for _, resource := range resources {
		ctBefore, klBefore := c.ct.Requests(), c.kl.Requests()

		p, err := runOne(ctx, c, resource, o, restart, bars)
		if err != nil {
			if exit, ok := errors.AsType[*exitError](err); ok {
				return exit
			}

			return &exitError{code: exitStopped, err: err}
		}

		summary = append(summary, row{Progress: p, ctRequests: c.ct.Requests() - ctBefore, klRequests: c.kl.Requests() - klBefore})
	}

	bars.stop()
	writeTable(out, summary)

	if c.demo != nil && same(o, bulk.Options{}) {
		if err := c.demo.realtime(ctx, c, out); err != nil {
			return &exitError{code: exitStopped, err: err}
		}
	}

	return verdict(summary)
}

// runOne imports one resource and waits for the end.
func runOne(
	ctx context.Context, c *connector, resource bulk.Resource, o bulk.Options, restart bool, bars *bars,
) (bulk.Progress, error) {
	// First, since a start would take over an import that was interrupted long ago, and begin anew.
	run, interrupted, err := c.control.Resume(ctx, resource)

	switch {
	case err != nil:
	case interrupted && restart:
		if _, err = c.control.Stop(ctx, resource); err == nil {
			_, err = c.control.Start(ctx, resource, o)
		}
	case interrupted && !same(run.Options, o):
		return bulk.Progress{}, &exitError{code: exitUse, err: fmt.Errorf(
			"an import of %s with other options (%s) was interrupted; repeat those to go on with it, or add --restart to drop it",
			resource, described(run.Options))}
	case interrupted:
		bars.say(fmt.Sprintf("%s: going on with the interrupted import %s", resource, run.ID))
	default:
		_, err = c.control.Start(ctx, resource, o)
	}

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

		bars.show(p)

		if p.Status != bulk.Running {
			return p, nil
		}

		select {
		case <-ctx.Done():
			return p, c.interrupted(p)
		case <-ticks.C:
		}
	}
}

// interrupted says how to go on.
func (c *connector) interrupted(p bulk.Progress) error {
	if c.demo != nil {
		return fmt.Errorf("interrupted: %d %s were sent; the demo shop is gone with the process", p.Sent, p.Resource)
	}

	return fmt.Errorf("interrupted: %d %s were sent; the same command goes on from here", p.Sent, p.Resource)
}

// same tells whether two imports are narrowed down alike.
func same(a, b bulk.Options) bool {
	return slices.Equal(a.IDs, b.IDs) && a.Since.Equal(b.Since) && a.StartID == b.StartID && a.DryRun == b.DryRun &&
		a.DeleteAll == b.DeleteAll
}

func described(o bulk.Options) string {
	var parts []string

	if len(o.IDs) > 0 {
		parts = append(parts, fmt.Sprintf("--ids, %d of them", len(o.IDs)))
	}

	if !o.Since.IsZero() {
		parts = append(parts, "--since "+o.Since.Format(time.RFC3339))
	}

	if o.StartID != "" {
		parts = append(parts, "--start-id "+o.StartID)
	}

	if o.DryRun {
		parts = append(parts, "--dry-run")
	}

	if parts == nil {
		return "none"
	}

	return strings.Join(parts, ", ")
}

func verdict(summary []row) error {
	var failed int

	for _, r := range summary {
		switch r.Status {
		case bulk.Failed:
			return &exitError{code: exitStopped, err: fmt.Errorf("the import of %s could not go on: %s", r.Resource, r.Reason)}
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
