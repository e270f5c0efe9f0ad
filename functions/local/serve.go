package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

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
			c, err := connect(cmd.Context(), options{state: *state, level: slog.LevelInfo, fixedPort: true}, cmd.OutOrStdout())
			if err != nil {
				return err
			}

			fmt.Fprintf(cmd.OutOrStdout(), "serving at %s: /CustomerEvents and the other functions by their names, /sync/customers, /sync/status\n", c.url)

			if err := resumeAll(cmd.Context(), c, cmd.OutOrStdout()); err != nil {
				return errors.Join(err, c.close())
			}

			<-cmd.Context().Done()

			return c.close()
		},
	}
}

// resumeAll goes on with the imports that a process before has left.
func resumeAll(ctx context.Context, c *connector, out io.Writer) error {
	for _, resource := range bulk.Resources() {
		run, ok, err := c.control.Resume(ctx, resource)
		if err != nil {
			return &exitError{code: exitStopped, err: fmt.Errorf("resuming the import of %s: %w", resource, err)}
		}

		if ok {
			fmt.Fprintf(out, "going on with the import of %s %s\n", resource, run.ID)
		}
	}

	return nil
}

// noSuchFunction answers at a path that could have been meant for a function's, in the form of BulkSync's refusals.
func noSuchFunction(w http.ResponseWriter, r *http.Request) {
	message := fmt.Sprintf("there is nothing at %s; the functions are at /CustomerEvents, /OrderEvents, /PaymentEvents, "+
		"/CategoryEvents, /ProductEvents, /InventoryEvents and /BulkWorker, and the imports are described at /openapi.yaml", r.URL.Path)

	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)

	_ = writeJSON(w, map[string]any{"error": map[string]string{"code": "not_found", "message": message}}) // the client has gone
}
