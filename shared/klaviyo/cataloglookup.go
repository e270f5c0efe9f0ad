package klaviyo

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// maxLookup is how many resources are asked for at once: a page.
const maxLookup = 100

// CatalogItems finds out which of some items exist, and, with variants, the external ids of their variants: one request for
// 100 items. Those that don't exist are not in the map. Limits: 350/s and 3500/min.
//
// The variants are those that Klaviyo names in the item itself. It doesn't document whether it cuts that list short; where a
// page's worth is named, or none at all, [Client.ItemVariantIDs] is asked.
func (c *Client) CatalogItems(ctx context.Context, externalIDs []string, variants bool) (map[string][]string, error) {
	query := url.Values{"fields[" + itemType + "]": {"external_id"}}
	if variants {
		query.Set("include", "variants")
		query.Set("fields["+variantType+"]", "external_id")
	}

	items, err := lookUp[struct {
		identity

		Relationships struct {
			Variants document[[]identity] `json:"variants"`
		} `json:"relationships"`
	}](ctx, c, getItems, itemsPath, query, externalIDs)
	if err != nil {
		return nil, err
	}

	found := make(map[string][]string, len(items))

	for _, item := range items {
		id, ours := strings.CutPrefix(item.ID, compoundPrefix)
		if !ours {
			continue
		}

		named := item.Relationships.Variants.Data
		found[id] = externalIDsOf(named)

		if variants && (named == nil || len(named) >= maxLookup) {
			switch all, err := c.ItemVariantIDs(ctx, id); {
			case IsNotFound(err): // deleted meanwhile
				delete(found, id)
			case err != nil:
				return nil, err
			default:
				found[id] = all
			}
		}
	}

	return found, nil
}

// CatalogCategories finds out which of some categories exist, in one request for 100 of them. Limits: 350/s and 3500/min.
func (c *Client) CatalogCategories(ctx context.Context, externalIDs []string) (map[string]bool, error) {
	query := url.Values{"fields[" + categoryType + "]": {"external_id"}}

	categories, err := lookUp[identity](ctx, c, getCategories, categoriesPath, query, externalIDs)
	if err != nil {
		return nil, err
	}

	found := make(map[string]bool, len(categories))
	for _, id := range externalIDsOf(categories) {
		found[id] = true
	}

	return found, nil
}

// ItemIDs returns the external ids of the catalog's items, a page of at most 100, and the cursor of the next page: "" behind
// the last one, and to begin with. A page may be empty, for items of other integrations are left out. Klaviyo doesn't document
// what becomes of a cursor when items are deleted; whoever deletes them should begin again until there are none.
// Limits: 350/s and 3500/min.
func (c *Client) ItemIDs(ctx context.Context, cursor string) (externalIDs []string, next string, err error) {
	return c.idPage(ctx, getItems, itemsPath, itemType, cursor)
}

// CategoryIDs returns the external ids of the catalog's categories as [Client.ItemIDs] does. Limits: 350/s and 3500/min.
func (c *Client) CategoryIDs(ctx context.Context, cursor string) (externalIDs []string, next string, err error) {
	return c.idPage(ctx, getCategories, categoriesPath, categoryType, cursor)
}

func (c *Client) idPage(ctx context.Context, operation, path, kind, cursor string) ([]string, string, error) {
	query := url.Values{"fields[" + kind + "]": {"external_id"}}

	page, next, err := getPage[identity](ctx, c, operation, path, query, cursor)
	if err != nil {
		return nil, "", err
	}

	return externalIDsOf(page), next, nil
}

// lookUp reads the resources that exist of those with some ids. It asks for fewer at once when the ids make the URL too long:
// 100 UUIDs are some 8,000 characters, and Klaviyo doesn't say how many it takes.
func lookUp[T any](
	ctx context.Context, c *Client, operation, path string, query url.Values, externalIDs []string,
) ([]T, error) {
	var all []T

	for most := maxLookup; len(externalIDs) > 0; {
		ids := externalIDs[:min(most, len(externalIDs))]

		query.Set("filter", anyOf(ids))

		found, err := collect[T](ctx, c, operation, path, query)
		if isTooLong(err) && len(ids) > 1 {
			most = len(ids) / 2

			continue
		}

		if err != nil {
			return nil, err
		}

		all = append(all, found...)
		externalIDs = externalIDs[len(ids):]
	}

	return all, nil
}

// anyOf selects the resources with these external ids. Source: https://developers.klaviyo.com/en/docs/filtering_.
func anyOf(externalIDs []string) string {
	literals := make([]string, len(externalIDs))
	for i, id := range externalIDs {
		literals[i] = quoted(CompoundID(id))
	}

	return "any(ids,[" + strings.Join(literals, ",") + "])"
}

// isTooLong tells whether a URL was too long: a 414, or a 400 that isn't in Klaviyo's words.
func isTooLong(err error) bool {
	e, ok := errors.AsType[*Error](err)

	return ok && (e.Status == http.StatusRequestURITooLong || e.Status == http.StatusBadRequest && e.Code() == "")
}

// externalIDsOf leaves out what belongs to another integration: it would not be ours to name.
func externalIDsOf(resources []identity) []string {
	ids := make([]string, 0, len(resources))

	for _, r := range resources {
		if id, ours := strings.CutPrefix(r.ID, compoundPrefix); ours {
			ids = append(ids, id)
		}
	}

	return ids
}
