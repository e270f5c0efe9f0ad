package delivery

import (
	"context"
	"log/slog"
	"sync"
)

// Note adds an attribute to the line that is logged about the message in hand. A handler needs no logger of its own:
// one message, one line. Without a message in hand it does nothing.
func Note(ctx context.Context, attr slog.Attr) {
	if n, ok := ctx.Value(notesKey{}).(*notes); ok {
		n.mu.Lock()
		defer n.mu.Unlock()

		n.attrs = append(n.attrs, attr)
	}
}

type notesKey struct{}

type notes struct {
	mu    sync.Mutex
	attrs []slog.Attr
}

func withNotes(ctx context.Context) (context.Context, *notes) {
	n := &notes{}

	return context.WithValue(ctx, notesKey{}, n), n
}

func (n *notes) list() []slog.Attr {
	n.mu.Lock()
	defer n.mu.Unlock()

	return n.attrs
}
