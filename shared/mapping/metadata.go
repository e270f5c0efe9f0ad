package mapping

import "github.com/ctklaviyo/connector/shared/commercetools"

// metadata returns the custom metadata of an item or variant, which lets a template choose a language, a country or a
// currency. Klaviyo's metadata is flat, so each value is a flat JSON object as text:
//
//	title_json    {"title_de":"Hose","title_en":"Pants"}
//	slug_json     {"slug_de":"hose","slug_en":"pants"}
//	price_json    {"price_EUR":19.99,"price_DE":19.99,"price_FR":21}
//	currency_json {"currency_DE":"EUR","currency_FR":"EUR"}
func metadata(name, slug commercetools.LocalizedString, offers []offer) (map[string]string, error) {
	prices, currencies := byCountry(offers)

	for _, o := range offers {
		putNew(prices, "price_"+o.amount.CurrencyCode, decimal(o.amount))
	}

	all := make(map[string]string, 4)

	for key, values := range map[string]map[string]any{
		"title_json": localized("title_", name), "slug_json": localized("slug_", slug),
		"price_json": prices, "currency_json": currencies,
	} {
		text, err := encode(values)
		if err != nil {
			return nil, err
		}

		all[key] = string(text)
	}

	return all, nil
}

// byCountry returns the price and the currency of each country. An offer that names a country counts there, before one that
// doesn't and counts wherever its currency is legal tender. Of several the best counts.
func byCountry(offers []offer) (prices, currencies map[string]any) {
	prices, currencies = map[string]any{}, map[string]any{}

	add := func(o offer, countries ...string) {
		for _, country := range countries {
			putNew(prices, "price_"+country, decimal(o.amount))
			putNew(currencies, "currency_"+country, o.amount.CurrencyCode)
		}
	}

	for _, o := range offers {
		if o.country != "" {
			add(o, o.country)
		}
	}

	for _, o := range offers {
		if o.country == "" {
			add(o, countriesOf(o.amount.CurrencyCode)...)
		}
	}

	return prices, currencies
}

func putNew(values map[string]any, key string, value any) {
	if _, ok := values[key]; !ok {
		values[key] = value
	}
}

// localized puts a prefix before each locale.
func localized(prefix string, l commercetools.LocalizedString) map[string]any {
	all := make(map[string]any, len(l))

	for locale, text := range l {
		if !blank(text) {
			all[prefix+locale] = text
		}
	}

	return all
}
