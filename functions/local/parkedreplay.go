package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/sethvargo/go-envconfig"
	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/settings"
)

func parkedReplayCommand(state *string, r *reading) *cobra.Command {
	var (
		function string
		ids      []string
	)

	c := &cobra.Command{
		Use:   "replay",
		Short: "Put parked messages back through their functions",
		Long: "Puts each parked message back through the function that parked it, in this process and with the shop of\n" +
			"CT_* and KLAVIYO_*. What succeeds is taken out, the rest stays parked, also a message with which there is nothing\n" +
			"to do: `drop` takes that out. Once more does no harm.\n\n" +
			"Exit codes: 0 all have succeeded, 1 some stay parked, 2 wrong use or settings, 3 it could not go on.",
		Example: "  go run ./functions/local parked replay\n" +
			"  go run ./functions/local parked replay --function OrderEvents\n" +
			"  go run ./functions/local parked replay --id 7,12",
		Args:    cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return r.check() },
		RunE: func(cmd *cobra.Command, _ []string) error {
			p := replay{function: function, ids: ids, out: cmd.OutOrStdout()}
			if err := p.openFunctions(cmd.Context()); err != nil {
				return err
			}

			return withParked(cmd.Context(), *state, func(from parkedMessages) error {
				kept, more, err := r.read(cmd.Context(), from)
				if err != nil {
					return err
				}

				p.more = more

				if len(kept) == 0 {
					fmt.Fprintln(p.out, "nothing is parked in "+from.Where())
				}

				return p.all(cmd.Context(), kept, from)
			})
		},
	}
	c.Flags().StringVar(&function, "function", "", "only messages of this function, such as CustomerEvents")
	c.Flags().StringSliceVar(&ids, "id", nil, "only these messages, by the ids that list shows")

	return c
}

// replay puts messages back through their functions, and counts what became of them.
type replay struct {
	functions map[string]delivery.Target
	function  string
	ids       []string
	more      bool
	out       io.Writer

	done, refused, later, idle int
}

// openFunctions makes the functions of the shop that the variables name. There is no demo shop here: a real message must not
// count as done because a toy has taken it.
func (p *replay) openFunctions(ctx context.Context) error {
	env, err := settings.Load[environment](ctx, envconfig.OsLookuper())
	if err != nil && len(credentials()) == 0 {
		return errors.Join(err, errors.New("messages of the demo shop can't be replayed: it is gone with its process"))
	}

	if err != nil {
		return err
	}

	p.functions, err = functionsOf(env)
	if err != nil {
		return err
	}

	if _, known := p.functions[p.function]; p.function != "" && !known {
		names := slices.Sorted(maps.Keys(p.functions))

		return fmt.Errorf("--function: there is no %q; there are %s", p.function, strings.Join(names, ", "))
	}

	return nil
}

// all replays what is wanted of these messages, and says what stays.
func (p *replay) all(ctx context.Context, kept []delivery.Kept, from parkedMessages) error {
	missing := slices.Clone(p.ids)

	for _, k := range kept {
		missing = slices.DeleteFunc(missing, func(id string) bool { return id == k.ID })

		if ctx.Err() == nil && p.wants(k) {
			p.one(ctx, k, from)
		}
	}

	for _, id := range missing {
		fmt.Fprintf(p.out, "%s: no such message is parked\n", id)
	}

	fmt.Fprintf(p.out, "%d done, %d still refused, %d later, %d with nothing to do\n", p.done, p.refused, p.later, p.idle)

	switch stay := p.refused + p.later + p.idle; {
	case ctx.Err() != nil:
		return &exitError{code: exitStopped, err: fmt.Errorf("interrupted: %d are done; the rest stays parked, and the same command goes on", p.done)}
	case stay > 0:
		return &exitError{code: exitFailedRecords, err: fmt.Errorf("%d stay parked; the reasons stand above, and `parked drop` takes out what is no use", stay)}
	case p.more && (len(p.ids) == 0 || len(missing) > 0):
		return &exitError{code: exitFailedRecords, err: fmt.Errorf("there are more than the %d that were read; --max reads more", len(kept))}
	case len(missing) > 0:
		return &exitError{code: exitFailedRecords, err: fmt.Errorf("%d messages were not found", len(missing))}
	default:
		return nil
	}
}

func (p *replay) wants(k delivery.Kept) bool {
	return (p.function == "" || p.function == parkedRowOf(k).Function) &&
		(len(p.ids) == 0 || slices.Contains(p.ids, k.ID))
}

// one replays a message. When it is done it is taken out, also if the command was interrupted meanwhile.
func (p *replay) one(ctx context.Context, k delivery.Kept, from parkedMessages) {
	row := parkedRowOf(k)

	target, known := p.functions[row.Function]
	if !known {
		p.later++
		p.say(row, "later: there is no such function here")

		return
	}

	outcome, reason, err := delivery.Try(ctx, target, k.Data)

	switch {
	case outcome == delivery.Done && reason != "":
		// That may be due to other settings here than where it was parked, and nothing has reached Klaviyo.
		p.idle++
		p.say(row, "nothing to do: "+reason)
	case outcome == delivery.Done:
		if err := from.Remove(context.WithoutCancel(ctx), k.ID); err != nil {
			p.later++
			p.say(row, "done, but it stays parked: "+err.Error())

			return
		}

		p.done++
		p.say(row, "done")
	case outcome == delivery.Never:
		p.refused++
		p.say(row, fmt.Sprintf("still refused: %s: %v", reason, err))
	default:
		p.later++
		p.say(row, fmt.Sprintf("later: %s: %v", reason, err))
	}
}

func (p *replay) say(row parkedRow, what string) {
	fmt.Fprintf(p.out, "%s %s %s: %s\n", row.ID, plain(cmp.Or(row.Function, "-")), row.resource(), plain(what))
}
