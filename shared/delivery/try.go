package delivery

import "context"

// Try takes a payload, bare or in an envelope, to a target once, by the same way as a delivery, and says what became of it:
// Done, Later, or Never. Nothing is parked, whatever the target parks with. The reason is a phrase, also of a message with
// which there is nothing to do, and the error has ids and no personal data; both may be empty.
func Try(ctx context.Context, target Target, data []byte) (outcome Outcome, reason string, err error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()

	d, err := decode(nil, data)

	res := target.handle(ctx, d, err)
	if res.outcome == Done { // An error only says that there is nothing to do.
		return Done, res.reason, nil
	}

	return res.outcome, res.reason, res.err
}

// Read reads a payload, bare or in an envelope. The error is the one with which Try would end; even then the message holds
// what could be read.
func Read(data []byte) (Message, error) {
	d, err := decode(nil, data)

	return d.message, err
}
