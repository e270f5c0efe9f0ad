package mapping

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// Category maps a category, whose ancestors have to be expanded. Klaviyo's categories are flat, so the name holds the
// way: "Women > Pants > Jeans". A category without any name gets its id for one, since Klaviyo wants one.
func Category(c commercetools.Category, shop Shop) klaviyo.Category {
	return klaviyo.Category{
		ExternalID: c.ID,
		Name:       cmp.Or(strings.Join(shop.path(c), separator), c.ID),
	}
}

// compact takes blank texts out.
func compact(texts []string) []string { return slices.DeleteFunc(texts, blank) }

// unique keeps the first of equal texts. It is never nil: an empty list is a value.
func unique(texts []string) []string {
	seen := make(map[string]bool, len(texts))
	all := make([]string, 0, len(texts))

	for _, t := range texts {
		if !seen[t] {
			seen[t] = true
			all = append(all, t)
		}
	}

	return all
}
