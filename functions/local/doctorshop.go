package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/settings"
)

// sample is how many products are looked at.
const sample = 50

// shop checks whether the first products have texts in the preferred locale and prices in the preferred currency, and whether
// there is the channel whose stock counts.
func (r *diagnosis) shop(ctx context.Context, ct *commercetools.Client, s settings.Shop, channel string) {
	locales, currencies, err := seen(ctx, ct)

	switch {
	case err != nil:
		r.failure("shop", err, adviceOnCommercetools(err))
	case len(locales) == 0:
		r.add(checkSkipped, "shop", "there is no published product yet", "")
	default:
		language, _, _ := strings.Cut(string(s.Locale), "-")
		r.preferred("PREFERRED_LOCALE", string(s.Locale), locales, language)
		r.preferred("PREFERRED_CURRENCY", string(s.Currency), currencies, "")
	}

	if s.ProductURL == "" {
		r.add(checkSkipped, "PRODUCT_URL_TEMPLATE", "it isn't set, so that products have no links in Klaviyo", "")
	}

	if channel != "" {
		r.channel(ctx, ct, channel)
	}
}

// seen are the locales and currencies of the first products.
func seen(ctx context.Context, ct *commercetools.Client) (locales, currencies map[string]bool, err error) {
	page, err := ct.Query(ctx, commercetools.ProductProjections, commercetools.Query{Sort: []string{"id asc"}, Limit: sample})
	if err != nil {
		return nil, nil, err
	}

	locales, currencies = map[string]bool{}, map[string]bool{}
	standalone := false

	for _, raw := range page.Results {
		product, err := commercetools.Decode[commercetools.Product](raw)
		if err != nil {
			return nil, nil, err
		}

		for locale := range product.Name {
			locales[locale] = true
		}

		for _, v := range product.AllVariants() {
			for _, price := range v.Prices {
				currencies[price.Value.CurrencyCode] = true
			}
		}

		standalone = standalone || product.PriceMode == commercetools.PriceModeStandalone
	}

	if standalone {
		err = addStandalone(ctx, ct, currencies)
	}

	return locales, currencies, err
}

// addStandalone adds the currencies of the first prices that are kept beside the products.
func addStandalone(ctx context.Context, ct *commercetools.Client, currencies map[string]bool) error {
	page, err := ct.Query(ctx, commercetools.StandalonePrices, commercetools.Query{Sort: []string{"id asc"}, Limit: commercetools.MaxLimit})
	if e, ok := errors.AsType[*commercetools.Error](err); ok && e.Status == http.StatusForbidden {
		return nil // The missing scope has a line of its own.
	}

	if err != nil {
		return err
	}

	for _, raw := range page.Results {
		price, err := commercetools.Decode[commercetools.StandalonePrice](raw)
		if err != nil {
			return err
		}

		currencies[price.Value.CurrencyCode] = true
	}

	return nil
}

// preferred checks one setting against what there is; second does, too, where there is one.
func (r *diagnosis) preferred(name, value string, there map[string]bool, second string) {
	names := strings.Join(slices.Sorted(maps.Keys(there)), ", ")

	switch {
	case value == "":
		r.add(checkSkipped, name, "it isn't set; the products have "+names, "")
	case there[value]:
		r.add(checkOK, name, "products have "+value, "")
	case there[second]:
		r.add(checkOK, name, "products have "+second, "")
	default:
		r.add(checkFailed, name, fmt.Sprintf("none of the first %d products has %s", sample, value), "they have "+names)
	}
}

func (r *diagnosis) channel(ctx context.Context, ct *commercetools.Client, id string) {
	const name = "product.inventory.useChannelInventory"

	_, err := ct.Get(ctx, "channels", id)
	e, refused := errors.AsType[*commercetools.Error](err)

	switch {
	case err == nil:
		r.add(checkOK, name, "there is this channel", "")
	case refused && e.Status == http.StatusForbidden:
		r.add(checkSkipped, name, "the API client may not look the channel up", "")
	case commercetools.IsNotFound(err), errors.Is(err, commercetools.ErrInvalidID):
		r.add(checkFailed, name, "there is no channel with this id", "set it to a channel's id, not its key, or to \"\"")
	default:
		r.failure(name, err, adviceOnCommercetools(err))
	}
}
