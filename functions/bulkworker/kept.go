package bulkworker

import (
	"sync"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

const (
	// keptPages bounds what is kept, some 2 MB a page.
	keptPages = 16
	// keptFor is how old prices may be that are still used: little more than Klaviyo's jobs take.
	keptFor = 2 * time.Minute
)

// pricesBySKU are standalone prices; a SKU without any is there, too.
type pricesBySKU map[string][]commercetools.StandalonePrice

// keptPrices keeps the standalone prices of the pages whose items are on their way until it is their variants' turn, which
// saves asking for them again when the same instance gets that task. Each is used once: whoever reads a product again to
// learn what is new wants its new prices. Nothing depends on it.
type keptPrices struct {
	mu    sync.Mutex
	pages map[string]pricesOfPage
}

type pricesOfPage struct {
	prices pricesBySKU
	at     time.Time
}

// put keeps the prices of a page under the id of its last product. The oldest makes room for it.
func (k *keptPrices) put(cursor string, prices pricesBySKU) {
	k.mu.Lock()
	defer k.mu.Unlock()

	if k.pages == nil {
		k.pages = map[string]pricesOfPage{}
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

	k.pages[cursor] = pricesOfPage{prices, time.Now()}
}

// take returns the prices of a page once; none when they are not there.
func (k *keptPrices) take(cursor string) pricesBySKU {
	k.mu.Lock()
	defer k.mu.Unlock()

	p, ok := k.pages[cursor]
	delete(k.pages, cursor)

	if !ok || time.Since(p.at) > keptFor {
		return pricesBySKU{}
	}

	return p.prices
}
