package bulkworker

import (
	"sync"
	"time"
)

const (
	// keptPages bounds what is kept, some 10 MB a page.
	keptPages = 4
	// keptFor is how old a page may be that is still used: little more than Klaviyo's jobs take.
	keptFor = 2 * time.Minute
)

// kept keeps the pages whose items are on their way until it is their variants' turn, which saves reading them again when
// the same instance gets that task. Nothing depends on it.
type kept struct {
	mu    sync.Mutex
	pages map[string]keptPage
}

type keptPage struct {
	entries []entry
	at      time.Time
}

// put keeps a page under the id of its last product. The oldest makes room for it.
func (k *kept) put(cursor string, entries []entry) {
	k.mu.Lock()
	defer k.mu.Unlock()

	if k.pages == nil {
		k.pages = map[string]keptPage{}
	}

	for len(k.pages) >= keptPages {
		oldest := ""
		for c, p := range k.pages {
			if oldest == "" || p.at.Before(k.pages[oldest].at) {
				oldest = c
			}
		}

		delete(k.pages, oldest)
	}

	k.pages[cursor] = keptPage{entries, time.Now()}
}

// take returns a page once.
func (k *kept) take(cursor string) ([]entry, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()

	p, ok := k.pages[cursor]
	delete(k.pages, cursor)

	return p.entries, ok && time.Since(p.at) < keptFor
}
