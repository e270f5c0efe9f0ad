// Package bulksync is the function BulkSync: an HTTP API that starts, stops and watches the imports of the history.
//
//	POST /sync/{resource}       202, 409 while one is running, 400 with what is wrong with the body
//	POST /sync/{resource}/stop  200, 400 when none is running
//	GET  /sync/{resource}       how far it is
//	GET  /sync/status           how far all are
//	GET  /openapi.yaml          the above in full, for machines and for people
//
// The work itself is BulkWorker's; Cloud Tasks stands between the two, and the state is in Firestore.
package bulksync

import (
	"context"
	"io"
	"net/http"

	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/cloud"
	"github.com/ctklaviyo/connector/shared/framework"
	"github.com/ctklaviyo/connector/shared/once"
	"github.com/ctklaviyo/connector/shared/settings"
)

const name = "BulkSync"

func init() { framework.Register(name, newHandler) }

// environment is what the function reads of its environment.
type environment struct {
	settings.Sync
	settings.Log
}

// newHandler starts the function. With settings missing it still answers, by 503, and its log names them.
func newHandler(variables envconfig.Lookuper, log io.Writer) http.Handler {
	env, err := settings.Load[environment](context.Background(), variables)
	logger := env.Logger(log)

	return New(once.Success(func() (*bulk.Control, error) {
		if err != nil {
			return nil, err
		}

		store, queue, err := cloud.Open(context.Background(), env.Sync)
		if err != nil {
			return nil, err
		}

		return bulk.NewControl(store, queue, logger), nil
	}), logger)
}
