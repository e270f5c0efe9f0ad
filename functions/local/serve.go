package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/bulk"
)

func serveCommand(state *string) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve every function over HTTP",
		Long: "Serves every function at /<FunctionName>, and the HTTP API of the imports at /sync/, on 127.0.0.1 and\n" +
			"PORT (8080), until it is interrupted. Imports that were interrupted go on.",
		Example: "  go run ./functions/local serve\n  curl -X POST localhost:8080/sync/customers\n  curl localhost:8080/sync/customers",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			addr := net.JoinHostPort("127.0.0.1", cmp.Or(os.Getenv("PORT"), "8080"))

			c, err := connect(cmd.Context(), addr, *state, slog.LevelInfo, cmd.OutOrStdout())
			if err != nil {
				return err
			}

			fmt.Fprintf(cmd.OutOrStdout(), "serving at %s: /CustomerEvents, /sync/customers, /sync/status\n", c.url)

			for _, resource := range bulk.Resources() {
				if run, ok, err := c.control.Resume(cmd.Context(), resource); err != nil {
					return &exitError{code: exitStopped, err: fmt.Errorf("resuming the import of %s: %w", resource, err)}
				} else if ok {
					fmt.Fprintf(cmd.OutOrStdout(), "going on with the import of %s %s\n", resource, run.ID)
				}
			}

			<-cmd.Context().Done()

			return c.close()
		},
	}
}
