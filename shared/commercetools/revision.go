package commercetools

import "time"

// Revision tells how a resource stood when it was read.
type Revision struct {
	// Version grows with every change.
	Version int64 `json:"version"`
	// LastModifiedAt is RFC 3339, as received.
	LastModifiedAt string `json:"lastModifiedAt"`
}

// ModifiedSince tells whether the resource was modified then or later.
func (r Revision) ModifiedSince(then time.Time) bool {
	at, err := time.Parse(time.RFC3339, r.LastModifiedAt)

	return err == nil && !at.Before(then)
}
