package main

import (
	"context"

	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/delivery"
)

// parker keeps parked messages in the state file.
type parker struct{ store *embedded.Store }

// Park implements delivery.Parker.
func (p parker) Park(ctx context.Context, m delivery.Parked) error {
	return p.store.Park(ctx, m.Data, m.Attributes)
}
