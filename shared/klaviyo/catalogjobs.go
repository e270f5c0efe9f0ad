package klaviyo

import (
	"context"
	"errors"
	"strings"
)

// JobKind is a kind of bulk job for the catalog. Its text is Klaviyo's name of the type, so that it can be stored.
type JobKind string

// The kinds of bulk jobs. There is none that creates or updates, as the case may be.
const (
	CreateItems      JobKind = "catalog-item-bulk-create-job"
	UpdateItems      JobKind = "catalog-item-bulk-update-job"
	DeleteItems      JobKind = "catalog-item-bulk-delete-job"
	CreateVariants   JobKind = "catalog-variant-bulk-create-job"
	UpdateVariants   JobKind = "catalog-variant-bulk-update-job"
	DeleteVariants   JobKind = "catalog-variant-bulk-delete-job"
	CreateCategories JobKind = "catalog-category-bulk-create-job"
	UpdateCategories JobKind = "catalog-category-bulk-update-job"
	DeleteCategories JobKind = "catalog-category-bulk-delete-job"
)

func jobKinds() []JobKind {
	return []JobKind{
		CreateItems, UpdateItems, DeleteItems, CreateVariants, UpdateVariants, DeleteVariants,
		CreateCategories, UpdateCategories, DeleteCategories,
	}
}

// resource is the type of the rows.
func (k JobKind) resource() string {
	name, _, _ := strings.Cut(string(k), "-bulk-")

	return name
}

// list is the attribute with the rows.
func (k JobKind) list() string {
	switch k.resource() {
	case itemType:
		return "items"
	case variantType:
		return "variants"
	default:
		return "categories"
	}
}

// action is create, update or delete.
func (k JobKind) action() string {
	_, action, _ := strings.Cut(string(k), "-bulk-")

	return strings.TrimSuffix(action, "-job")
}

// starts is the operation that starts such a job: bulk_create_catalog_variants.
func (k JobKind) starts() string { return "bulk_" + k.action() + "_catalog_" + k.list() }

// gets is the operation that asks for one: get_bulk_create_variants_job. An s behind it is the one that asks for many.
func (k JobKind) gets() string {
	if k.resource() == itemType {
		return "get_" + k.starts() + "_job"
	}

	return "get_bulk_" + k.action() + "_" + k.list() + "_job"
}

// errResourceTooLarge is about a row that would not fit into an empty job either.
var errResourceTooLarge = errors.New("klaviyo: the resource is larger than 5 MB")

func (k JobKind) form() form {
	f := form{kind: string(k), list: k.list(), maxRows: 100, tooLarge: errResourceTooLarge}
	f.maxRow = f.room()

	return f
}

// StartedJob is a bulk job that Klaviyo has accepted, and will do later.
type StartedJob struct {
	ID string
	// ExternalIDs are those of the rows, in their order: a [CatalogJobError] has the number of one.
	ExternalIDs []string
}

// StartItems starts as many jobs as the items need, of 100 and 5 MB each; kind is [CreateItems] or [UpdateItems].
//
// Klaviyo looks over a job's rows at once and takes none when one is malformed: those that it points at come back as refused,
// like those that are larger than a request may be (code too_large), and the rest is sent again. What else is wrong with a row
// (it exists, it doesn't exist, its category doesn't) turns out when the job is done, and fails that row only: see
// [Client.CatalogJobs]. So starting a job twice does no harm.
//
// It ends at the first error; the jobs that were started before are returned all the same. Limits, of each kind: 75/s and
// 750/min, and an *[Error] of status 429 while 500 jobs are in progress.
func (c *Client) StartItems(ctx context.Context, kind JobKind, items []Item) (jobs []StartedJob, refused []Refused, err error) {
	return startJobs(ctx, c, kind, items, func(i Item) (string, resource) {
		if kind == CreateItems {
			return i.ExternalID, i.creation()
		}

		return i.ExternalID, i.change()
	})
}

// StartVariants starts jobs as [Client.StartItems] does; kind is [CreateVariants] or [UpdateVariants]. An update leaves a
// variant with the item that it belongs to.
func (c *Client) StartVariants(
	ctx context.Context, kind JobKind, variants []Variant,
) (jobs []StartedJob, refused []Refused, err error) {
	return startJobs(ctx, c, kind, variants, func(v Variant) (string, resource) {
		if kind == CreateVariants {
			return v.ExternalID, v.creation()
		}

		return v.ExternalID, v.change()
	})
}

// StartCategories starts jobs as [Client.StartItems] does; kind is [CreateCategories] or [UpdateCategories].
func (c *Client) StartCategories(
	ctx context.Context, kind JobKind, categories []Category,
) (jobs []StartedJob, refused []Refused, err error) {
	return startJobs(ctx, c, kind, categories, func(cat Category) (string, resource) {
		if kind == CreateCategories {
			return cat.ExternalID, cat.creation()
		}

		return cat.ExternalID, cat.change()
	})
}

// StartDeletions starts jobs as [Client.StartItems] does; kind is [DeleteItems], which takes their variants away as well,
// [DeleteVariants] or [DeleteCategories].
func (c *Client) StartDeletions(
	ctx context.Context, kind JobKind, externalIDs []string,
) (jobs []StartedJob, refused []Refused, err error) {
	return startJobs(ctx, c, kind, externalIDs, func(id string) (string, resource) {
		return id, resource{Type: kind.resource(), ID: CompoundID(id)}
	})
}

// startJobs starts a job whenever no more rows fit into it, and at the end.
func startJobs[T any](
	ctx context.Context, c *Client, kind JobKind, all []T, encode func(T) (externalID string, r resource),
) (jobs []StartedJob, refused []Refused, err error) {
	f := kind.form()

	for len(all) > 0 {
		var batch rows

		n, large, err := fill(f, &batch, all, encode)
		if err != nil {
			return jobs, refused, err
		}

		all = all[n:]
		refused = append(refused, large...)

		id, taken, bad, err := c.startJob(ctx, kind.starts(), f, &batch)
		if err != nil {
			return jobs, refused, err
		}

		refused = append(refused, bad...)

		if len(taken) > 0 {
			jobs = append(jobs, StartedJob{ID: id, ExternalIDs: refsOf(taken)})
		}
	}

	return jobs, refused, nil
}

// fill adds rows until no more fit. It returns how many it has dealt with, and those that are too large for any request.
func fill[T any](
	f form, batch *rows, all []T, encode func(T) (string, resource),
) (n int, large []Refused, err error) {
	for n, v := range all {
		id, r := encode(v)

		switch err := batch.add(f, id, r); {
		case errors.Is(err, ErrBatchFull):
			return n, large, nil
		case errors.Is(err, errResourceTooLarge):
			large = append(large, Refused{Ref: id, Code: "too_large", Title: "The resource is larger than 5 MB."})
		case err != nil:
			return 0, nil, err
		}
	}

	return len(all), large, nil
}
