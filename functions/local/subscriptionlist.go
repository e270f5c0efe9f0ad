package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
)

// listedSubscription is one in the list.
type listedSubscription struct {
	keptSubscription

	// Ours is one of this prefix.
	Ours bool `json:"ours"`
}

func listSubscriptionsCommand() *cobra.Command {
	var asJSON bool

	c := &cobra.Command{
		Use:     "list",
		Short:   "Show every subscription of the project, and mark those of this prefix",
		Long:    "Shows every subscription of the project: where it publishes to, what it tells of, and its health.",
		Example: "  go run ./functions/local subscriptions list\n  go run ./functions/local subscriptions list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			env, err := loadWithFlags[subscriptionEnvironment](cmd)
			if err != nil {
				return err
			}

			client, err := newSubscriptionClient(env.Commercetools)
			if err != nil {
				return err
			}

			kept, err := client.list(cmd.Context())
			if err != nil {
				return err
			}

			ours := keysOf(string(env.Prefix))
			listed := make([]listedSubscription, len(kept))

			for i, k := range kept {
				listed[i] = listedSubscription{keptSubscription: k, Ours: slices.Contains(ours, k.Key)}
			}

			if asJSON {
				return writeJSON(cmd.OutOrStdout(), listed)
			}

			writeSubscriptions(cmd.OutOrStdout(), listed, string(env.Prefix))

			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "write JSON")

	return c
}

func writeSubscriptions(out io.Writer, listed []listedSubscription, prefix string) {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleLight)
	t.Style().Options.SeparateRows = true
	t.AppendHeader(table.Row{"", "key", "destination", "messages", "changes", "status"})

	var ours int

	for _, l := range listed {
		mark, key := "", l.Key

		if l.Ours {
			mark = "*"
			ours++
		}

		if key == "" {
			key = "none; id " + l.ID
		}

		t.AppendRow(table.Row{
			mark, key, l.Destination, strings.ReplaceAll(typesText(l.Messages, "\n"), ", ", ",\n  "), strings.Join(l.Changes, "\n"), l.Status,
		})
	}

	if len(listed) > 0 {
		t.Render()
	}

	fmt.Fprintf(out, "%d subscriptions, %d of them of the prefix %s (*)\n", len(listed), ours, prefix)
}
