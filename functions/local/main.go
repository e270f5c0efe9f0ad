// Command local runs the whole connector in one process: every function over HTTP, and imports with progress bars. Where
// the cloud has Firestore, Cloud Tasks and Pub/Sub it has embedded parts; all else is the deployed code. Without
// credentials it works on a built-in demo shop.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/logging"
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
	// What packages tell the standard logger goes through ours, as in the functions.
	slog.SetDefault(logging.New(os.Stderr, slog.LevelInfo, "")) //nolint:forbidigo // see above

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A later Ctrl-C ends it at once; the state file stands that. Not a second one right away: who starts us may have passed
	// on what we have got as well.
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })

	err := command().ExecuteContext(ctx)

	stop()

	if err == nil {
		return
	}

	for line := range strings.Lines(err.Error()) { // which may quote a service
		fmt.Fprintln(os.Stderr, plain(strings.TrimSuffix(line, "\n")))
	}

	if exit, ok := errors.AsType[*exitError](err); ok {
		os.Exit(exit.code)
	}

	os.Exit(exitUse)
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:   "local",
		Short: "Keeps Klaviyo in step with commercetools, on this machine",
		Long: "Keeps Klaviyo in step with commercetools, on this machine: the deployed code, with embedded parts where the cloud\n" +
			"has Firestore, Cloud Tasks and Pub/Sub.\n\n" +
			"Variables are read from the environment, and from the file .env in the working directory when there is one: NAME=value\n" +
			"on each line. What is set already wins. Without any of CT_* and KLAVIYO_* there is a built-in demo shop.",
		Example:       "  go run ./functions/local run\n  go run ./functions/local serve",
		SilenceUsage:  true,
		SilenceErrors: true,
		// Before every command, the only place. A command with a hook of its own would go without.
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return readDotEnv(cmd.ErrOrStderr()) },
	}
	root.CompletionOptions.HiddenDefaultCmd = true

	var state string

	root.PersistentFlags().StringVar(&state, "state", "",
		"file that keeps the imports and parked messages (default: one for each project and Klaviyo key in .ctklaviyo; none for the demo shop)")
	root.AddCommand(runCommand(&state), serveCommand(&state), demoCommand(), parkedCommand(&state), sendCommand(), previewCommand(), doctorCommand(),
		subscriptionsCommand(), versionCommand())

	return root
}

// argsBetween wants so many arguments. Its error names them, where cobra's counts them.
func argsBetween(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return fmt.Errorf("it is called as: %s", cmd.UseLine())
		}

		return nil
	}
}
