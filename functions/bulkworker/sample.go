package bulkworker

import (
	"context"
	"maps"
)

// maxSample is how many items one request asks for.
const maxSample = 100

// sampled finds out which of the items of a page there are, without asking for each when there is likely none, as in a first
// import. The sample lies evenly: it would meet any job of an import that was stopped. An item that it misses is one that a job
// can't create, and is updated in the end: see catalog.
func (p *productImport) sampled(ctx context.Context, ids []string) (map[string]bool, error) {
	var sample, rest []string

	step := (len(ids) + maxSample - 1) / maxSample

	for i, id := range ids {
		if i%step == 0 {
			sample = append(sample, id)
		} else {
			rest = append(rest, id)
		}
	}

	exist, err := p.existing(ctx, sample)
	if err != nil || len(exist) == 0 {
		return exist, err
	}

	others, err := p.existing(ctx, rest)
	maps.Copy(exist, others)

	return exist, err
}

// existing finds out which of these items there are.
func (p *productImport) existing(ctx context.Context, ids []string) (map[string]bool, error) {
	found, err := p.kl.CatalogItems(ctx, ids, false)
	exist := make(map[string]bool, len(found))

	for id := range found {
		exist[id] = true
	}

	return exist, err
}
