package commercetools

import "github.com/googleapis/gax-go/v2"

// Impatient makes a client that doesn't wait before it repeats.
func Impatient(cfg Config) *Client {
	c := New(cfg)
	c.sender.policy.Backoff = gax.Backoff{Initial: 1, Max: 1}

	return c
}
