// Command local runs the whole connector in one process: every function over HTTP, and imports with progress bars. Where
// the cloud has Firestore, Cloud Tasks and Pub/Sub it has embedded parts; all else is the deployed code. Without
// credentials it works on a built-in demo shop.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitFailedRecords = 1 // the import is done, and some records failed
	exitUse           = 2 // wrong use or settings
	exitStopped       = 3 // it could not go on
)

// exitError is an error with an exit code of its own; others are wrong use.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command().ExecuteContext(ctx)

	stop()

	if err == nil {
		return
	}

	fmt.Fprintln(os.Stderr, err)

	if exit, ok := errors.AsType[*exitError](err); ok {
		os.Exit(exit.code)
	}

	os.Exit(exitUse)
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "local",
		Short:         "Keeps Klaviyo in step with commercetools, on this machine",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true

	var state string

	root.PersistentFlags().StringVar(&state, "state", "",
		"file that keeps the imports and parked messages (default: one for each project and account in .ctklaviyo; none for the demo shop)")
	root.AddCommand(runCommand(&state), serveCommand(&state), demoCommand(), parkedCommand(&state), sendCommand(), previewCommand(), doctorCommand(),
		subscriptionsCommand())

	return root
}
