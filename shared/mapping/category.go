package mapping

import (
	"cmp"
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
