// Package framework registers the functions with Google's Functions Framework, and ends them as it doesn't: its server
// knows no end, so that a SIGTERM would cut off every request in flight.
//
// Cloud Run sends SIGTERM before it takes an instance away (scaled in, replaced by a new revision), sends it no more
// requests, and kills it 10 seconds later. Until then:
//
//	requests in flight go on -> after 7 s they are cut off, and answer that they have to come again -> the process ends
//
// Nothing is lost on the way: what isn't acknowledged is delivered again, by Pub/Sub as by Cloud Tasks.
//
// Source: https://cloud.google.com/run/docs/container-contract#instance-shutdown.
package framework

import (
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/logging"
)

// Register registers a function by its name, for a package's init. start starts it, from the environment and with a writer
// for its log, when the first request comes; only from then on SIGTERM and the standard logger are handled here, so that a
// process that just imports the function's package has them to itself.
func Register[H http.Handler](name string, start func(envconfig.Lookuper, io.Writer) H) {
	handler := sync.OnceValue(func() http.Handler {
		takeStandardLog(os.Stderr)

		d := newDrain(start(envconfig.OsLookuper(), os.Stderr))

		term := make(chan os.Signal, 1)
		signal.Notify(term, syscall.SIGTERM)

		go func() {
			<-term
			d.wait()
			os.Exit(0) //nolint:revive // the framework's server has no other end
		}()

		return d
	})

	functions.HTTP(name, func(w http.ResponseWriter, r *http.Request) { handler().ServeHTTP(w, r) })
}

// takeStandardLog has what packages tell the standard logger go through ours, which cuts it where it quotes: net/http's transport
// quotes an answer that nobody has asked for.
func takeStandardLog(w io.Writer) {
	slog.SetDefault(logging.New(w, slog.LevelInfo, "")) //nolint:forbidigo // it is for those who were handed none
}
