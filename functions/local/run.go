package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// pollEvery is how often a run's progress is read while it lasts.
const pollEvery = 100 * time.Millisecond

func runCommand(state *string) *cobra.Command {
	var (
		ids    []string
		since  string
		dryRun bool
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

			narrowed, err := optionsOf(ids, since, dryRun)
			if err != nil {
				return err
			}

			c, err := connect(cmd.Context(), options{state: *state, level: slog.LevelWarn}, cmd.OutOrStdout())
			if err != nil {
				return err
			}

			return errors.Join(runAll(cmd.Context(), c, resources, narrowed, cmd.OutOrStdout()), c.close())
		},
	}
	c.Flags().StringSliceVar(&ids, "ids", nil, "import these ids only")
	c.Flags().StringVar(&since, "since", "", "import what was modified since this time only, such as 2026-01-01T00:00:00Z")
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

		resources = append(resources, bulk.Resource(a))
	}

	return resources, nil
}

func optionsOf(ids []string, since string, dryRun bool) (bulk.Options, error) {
	o := bulk.Options{IDs: ids, DryRun: dryRun}

	if since != "" {
		t, err := time.Parse(time.RFC3339, since)
		if err != nil {
			return o, fmt.Errorf("--since: %q is no time such as 2026-01-01T00:00:00Z", since)
		}

		o.Since = t
	}

	if err := o.Normalize(); err != nil {
		return o, fmt.Errorf("--%w", err)
	}

	return o, nil
}

// runAll imports one resource after the other, and shows what became of it.
func runAll(ctx context.Context, c *connector, resources []bulk.Resource, o bulk.Options, out io.Writer) error {
	var summary []row

	bars := newBars(out, resources)
	defer bars.stop()

	for _, resource := range resources {
		ctBefore, klBefore := c.ct.Requests(), c.kl.Requests()

		p, err := runOne(ctx, c, resource, o, bars)
		if err != nil {
			return &exitError{code: exitStopped, err: err}
		}

		summary = append(summary, row{Progress: p, ctRequests: c.ct.Requests() - ctBefore, klRequests: c.kl.Requests() - klBefore})
	}

	bars.stop()
	writeTable(out, summary)

	if c.demo != nil && !o.DryRun {
		if err := c.demo.realtime(ctx, c, out); err != nil {
			return &exitError{code: exitStopped, err: err}
		}
	}

	return verdict(summary)
}

// runOne imports one resource and waits for the end.
func runOne(ctx context.Context, c *connector, resource bulk.Resource, o bulk.Options, bars *bars) (bulk.Progress, error) {
	// First, since a start would take over an import that was interrupted long ago, and begin anew.
	run, interrupted, err := c.control.Resume(ctx, resource)

	switch {
	case err != nil:
	case interrupted:
		bars.say(fmt.Sprintf("%s: going on with the interrupted import %s; its own options count", resource, run.ID))
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
			return p, fmt.Errorf("interrupted: %d %s were sent; the same command goes on from here", p.Sent, resource)
		case <-ticks.C:
		}
	}
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
		return &exitError{code: exitFailedRecords, err: fmt.Errorf("%d records failed; the reasons stand above", failed)}
	}

	return nil
}
