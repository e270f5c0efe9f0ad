package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/bulk"
)

func runCommand(state *string) *cobra.Command {
	var (
		i      imports
		since  string
		asJSON bool
	)

	c := &cobra.Command{
		Use:   "run [resource…]",
		Short: "Import resources into Klaviyo, and end",
		Long: "Imports the resources (" + strings.Join(resourceNames(), ", ") + ": all, in this order, when none is named) and ends with a table.\n" +
			"On a terminal each has a bar with its rate, failures and time left; elsewhere there are plain lines.\n\n" +
			"Ctrl-C stops cleanly, and says how far it got and with which command it goes on. An import that was interrupted,\n" +
			"be it by a power cut, goes on where it stood, with the options that it was started with. A second Ctrl-C ends at once.\n\n" +
			"Without any of CT_* and KLAVIYO_* set, it imports the demo shop, and then sends a few realtime messages.\n\n" +
			reportHelp + "\n\n" +
			"Exit codes: 0 done, 1 records failed, 2 wrong use or settings, 3 it could not go on, or was interrupted.",
		Example: "  go run ./functions/local run\n" +
			"  go run ./functions/local run customers --since 26h --dry-run\n" +
			"  go run ./functions/local run orders --start-id 7b0c1f7e-5a3e-4d0c-9a6c-0f1e2d3c4b5a\n" +
			"  go run ./functions/local run products --ids 043cf898-d6f7-4572-b0c9-7e65a577069e\n" +
			"  go run ./functions/local run --json | jq 'select(.final)'",
		ValidArgs: resourceNames(),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if cmd.Flags().Changed("since") {
				if i.options.Since, err = bulk.ParseSince(since, time.Now()); err != nil {
					return fmt.Errorf("--%w", err)
				}
			}

			if i.resources, err = resourcesOf(args); err != nil {
				return err
			}

			if err := i.check(); err != nil {
				return err
			}

			i.state = *state

			return i.run(cmd, asJSON)
		},
	}
	c.Flags().StringSliceVar(&i.options.IDs, "ids", nil, "import these ids only, separated by commas; also ones that haven't changed")
	c.Flags().StringVar(&since, "since", "", "import what was modified since then only: 2026-01-01T00:00:00Z, or 26h for so long ago")
	c.Flags().StringVar(&i.options.StartID, "start-id", "", "import from this order on, in the order of their ids; orders only")
	c.Flags().BoolVar(&i.restart, "restart", false, "drop an import that was interrupted, and begin anew")
	c.Flags().BoolVar(&i.options.DryRun, "dry-run", false, "read and map, and send nothing; sent counts what would be sent")
	c.Flags().BoolVar(&asJSON, "json", false, "write reports as JSON, one on each line, in the place of bars and table")

	return c
}

// check finds options that don't go, before anything is reached.
func (i *imports) check() error {
	for _, resource := range i.resources {
		if err := i.options.Normalize(resource); err != nil {
			if wrong, ok := errors.AsType[*bulk.OptionsError](err); ok && wrong.Field == "startId" {
				err = fmt.Errorf("start-id: %s", wrong.Problem)
			}

			return fmt.Errorf("%s: --%w", resource, err)
		}
	}

	return nil
}

// run starts the connector and imports.
func (i *imports) run(cmd *cobra.Command, asJSON bool) error {
	out, notes := cmd.OutOrStdout(), cmd.OutOrStdout()
	if asJSON {
		notes = cmd.ErrOrStderr()
	}

	c, err := connect(cmd.Context(), options{state: i.state, level: slog.LevelWarn}, notes)
	if err != nil {
		return err
	}

	switch {
	case asJSON:
		i.display = newReports(out, notes)
	case isTerminal(out):
		i.display = newBars(out, i.resources)
	default:
		i.display = &lines{out: out}
	}

	err = i.all(cmd.Context(), c)

	if err == nil && c.demo != nil && !asJSON && same(i.options, bulk.Options{}) {
		if err = c.demo.realtime(cmd.Context(), c, out); err != nil {
			err = &exitError{code: exitStopped, err: err}
		}
	}

	return errors.Join(err, c.close())
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
