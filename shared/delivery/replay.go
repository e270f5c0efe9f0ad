package delivery

import "context"

// Replay takes a parked message through its function's handler once more, by the same way as a delivery, and says what
// became of it: Done and it may be taken out, Later, or Never. Nothing is parked a second time, whatever the target parks
// with. The reason is a phrase, of
// a message with which there is nothing to do too, and the error has ids and no personal data; both may be empty.
func Replay(ctx context.Context, function string, target Target, p Parked) (outcome Outcome, reason string, err error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()

	target.Parker = stays{}
	h := &handler{function: function, target: func() (Target, error) { return target, nil }}

	_, res := h.handle(ctx, nil, p.Data)

	switch {
	case res.parked:
		return Never, res.reason, res.err
	case res.outcome == Done: // An error only says that there is nothing to do.
		return Done, res.reason, nil
	default:
		return res.outcome, res.reason, res.err
	}
}

// stays is the Parker of messages that are parked already.
type stays struct{}

// Park implements Parker.
func (stays) Park(context.Context, Parked) error { return nil }
