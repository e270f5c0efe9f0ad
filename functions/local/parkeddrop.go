package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/delivery"
)

func parkedDropCommand(state *string, r *reading) *cobra.Command {
	var ids []string

	c := &cobra.Command{
		Use:   "drop",
		Short: "Take parked messages out for good",
		Long: "Takes out messages that are no use any more, such as one that could not be read. Nothing is sent, and they\n" +
			"can't be brought back.\n\n" +
			"Exit codes: 0 all are out, 1 some were not found, 2 wrong use or settings, 3 it could not go on.",
		Example: "  go run ./functions/local parked drop --id 7,12",
		Args:    cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return r.check() },
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(ids) == 0 {
				return errors.New("--id: name the messages, by the ids that list shows")
			}

			return withParked(cmd.Context(), *state, func(from parkedMessages) error {
				kept, _, err := r.read(cmd.Context(), from)
				if err != nil {
					return err
				}

				return drop(cmd.Context(), cmd.OutOrStdout(), ids, kept, from)
			})
		},
	}
	c.Flags().StringSliceVar(&ids, "id", nil, "the messages, by the ids that list shows")

	return c
}

// drop takes those of the kept messages out that have these ids.
func drop(ctx context.Context, out io.Writer, ids []string, kept []delivery.Kept, from parkedMessages) error {
	missing := slices.Clone(ids)

	for _, k := range kept {
		if !slices.Contains(ids, k.ID) {
			continue
		}

		if err := from.Remove(ctx, k.ID); err != nil {
			return &exitError{code: exitStopped, err: fmt.Errorf("%s: %w", k.ID, err)}
		}

		fmt.Fprintf(out, "%s: dropped\n", k.ID)

		missing = slices.DeleteFunc(missing, func(id string) bool { return id == k.ID })
	}

	if len(missing) > 0 {
		return &exitError{code: exitFailedRecords, err: fmt.Errorf("not found among the %d that were read in %s: %q", len(kept), from.Where(), missing)}
	}

	return nil
}
