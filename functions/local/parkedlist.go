package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/delivery"
)

// parkedRow is what is shown of a parked message: ids and codes, and nothing of what it carries.
type parkedRow struct {
	ID             string    `json:"id"`
	ParkedAt       time.Time `json:"parkedAt"`
	Function       string    `json:"function"`
	Reason         string    `json:"reason"`
	Error          string    `json:"error"`
	ResourceType   string    `json:"resourceType"`
	ResourceID     string    `json:"resourceId"`
	MessageID      string    `json:"messageId"`
	KlaviyoStatus  string    `json:"klaviyoStatus"`
	KlaviyoCode    string    `json:"klaviyoCode"`
	KlaviyoPointer string    `json:"klaviyoPointer"`
}

// parkedRowOf reads the attributes, which delivery.Parked describes. A message without them comes from a dead-letter topic:
// what it is about stands in itself.
func parkedRowOf(k delivery.Kept) parkedRow {
	about := k.Attributes
	row := parkedRow{
		ID: k.ID, ParkedAt: k.At.UTC(),
		Function: about["function"], Reason: about["reason"], Error: about["error"], MessageID: about["message_id"],
		KlaviyoStatus: about["klaviyo_status"], KlaviyoCode: about["klaviyo_code"], KlaviyoPointer: about["klaviyo_pointer"],
	}
	row.ResourceType, row.ResourceID, _ = strings.Cut(about["resource"], "/")

	if row.Function == "" {
		m, _ := delivery.Read(k.Data) // What can't be read is about nothing.
		row.Function, row.Reason, row.MessageID = functionFor(m.Resource.TypeID), "dead letter", m.ID
		row.ResourceType, row.ResourceID = m.Resource.TypeID, m.Resource.ID
	}

	return row
}

func parkedListCommand(state *string, r *reading) *cobra.Command {
	var asJSON bool

	c := &cobra.Command{
		Use:   "list",
		Short: "Show what is parked, and leave it there",
		Long: "Shows each parked message: where it came from and why it was parked, and nothing of what it carries. With\n" +
			"--json more of the reason. The messages stay.",
		Example: "  go run ./functions/local parked list\n" +
			"  PARKED_TOPIC=projects/my-project/topics/parked go run ./functions/local parked list --json",
		Args:    cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return r.check() },
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withParked(cmd.Context(), *state, func(from parkedMessages) error { return listParked(cmd, *r, from, asJSON) })
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON list")

	return c
}

// listParked writes what is parked there. That there is nothing is said with where that is, also beside JSON.
func listParked(cmd *cobra.Command, r reading, from parkedMessages, asJSON bool) error {
	kept, more, err := r.read(cmd.Context(), from)
	if err != nil {
		return err
	}

	rows := make([]parkedRow, 0, len(kept))
	for _, k := range kept {
		rows = append(rows, parkedRowOf(k))
	}

	if more {
		fmt.Fprintf(cmd.ErrOrStderr(), "there are more; --max reads more than %d\n", r.most)
	}

	if !asJSON {
		writeParked(cmd.OutOrStdout(), rows, from.Where())

		return nil
	}

	if len(rows) == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "nothing is parked in "+from.Where())
	}

	return writeJSON(cmd.OutOrStdout(), rows)
}

func writeParked(out io.Writer, rows []parkedRow, where string) {
	if len(rows) == 0 {
		fmt.Fprintln(out, "nothing is parked in "+where)

		return
	}

	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"id", "parked at", "function", "reason", "resource", "Klaviyo's code", "Klaviyo's pointer"})

	for _, r := range rows {
		t.AppendRow(table.Row{
			r.ID, r.ParkedAt.Format(time.RFC3339), plain(r.Function), plain(r.Reason), r.resource(),
			plain(cmp.Or(r.KlaviyoCode, r.KlaviyoStatus)), plain(r.KlaviyoPointer),
		})
	}

	t.Render()
	fmt.Fprintf(out, "%d parked\n", len(rows))
}

// resource names what the message is about; "-" when it doesn't say.
func (r parkedRow) resource() string {
	if r.ResourceType == "" {
		return "-"
	}

	return plain(r.ResourceType + "/" + r.ResourceID)
}

// plain keeps text that others have written from moving the terminal's cursor.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}

		return unicode.ReplacementChar
	}, text)
}
