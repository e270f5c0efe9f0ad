package mapping

import (
	"strings"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// ProductSlug stands where the slug goes in a product page's URL.
const ProductSlug = "{{productSlug}}"

// Shop says which of several texts, prices and pages Klaviyo shows.
type Shop struct {
	// Locale is the preferred language tag, such as "en-US"; "" prefers none.
	Locale string
	// Currency is the preferred currency (ISO 4217); "" prefers none.
	Currency string
	// ProductURLTemplate is a product page's URL with [ProductSlug] in it; "" when products have no page.
	ProductURLTemplate string
}

// text chooses the text of the preferred locale, else of its language, else of the first locale in sorted order. "" when
// none has a text.
func (s Shop) text(l commercetools.LocalizedString) string {
	language := s.Locale
	if i := strings.IndexAny(language, "-_"); i >= 0 {
		language = language[:i]
	}

	for _, locale := range []string{s.Locale, language} {
		if text := l[locale]; !blank(text) {
			return text
		}
	}

	first, text := "", ""

	for locale, t := range l {
		if !blank(t) && (text == "" || locale < first) {
			first, text = locale, t
		}
	}

	return text
}

// productURL returns the page of the product with this slug; "" when there is none.
func (s Shop) productURL(slug commercetools.LocalizedString) string {
	text := s.text(slug)
	if text == "" {
		return ""
	}

	return strings.ReplaceAll(s.ProductURLTemplate, ProductSlug, text)
}

// path returns the names of a category's ancestors, the root's first, and its own. An ancestor that is not expanded, or
// has no name, is left out.
func (s Shop) path(c commercetools.Category) []string {
	var names []string

	for _, a := range c.Ancestors {
		if a.Obj != nil {
			names = append(names, s.text(a.Obj.Name))
		}
	}

	return compact(append(names, s.text(c.Name)))
}

// breadcrumbs returns the path to each category at every depth, "Women" and "Women > Pants", each once. A category that is
// not expanded is left out.
func (s Shop) breadcrumbs(categories []commercetools.CategoryReference) []string {
	var all []string

	for _, c := range categories {
		if c.Obj == nil {
			continue
		}

		path := s.path(*c.Obj)
		for depth := range path {
			all = append(all, strings.Join(path[:depth+1], separator))
		}
	}

	return unique(all)
}
