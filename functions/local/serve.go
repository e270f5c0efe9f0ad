package main

import (
	"fmt"
	"log/slog"

	"github.com/sethvargo/go-envconfig"
	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/settings"
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
			env, err := settings.Load[struct {
				Port uint16 `env:"PORT, default=8080" must:"be a number up to 65535"`
			}](cmd.Context(), envconfig.OsLookuper())
			if err != nil {
				return err
			}

			addr := fmt.Sprintf("127.0.0.1:%d", env.Port)

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
