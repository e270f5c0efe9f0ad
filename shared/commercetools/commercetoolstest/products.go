package commercetoolstest

import (
	"fmt"
	"strconv"
)

// product is a product projection in commercetools' order of properties.
type product struct {
	base
	Key                string      `json:"key,omitempty"`
	ProductType        reference   `json:"productType"`
	TaxCategory        reference   `json:"taxCategory"`
	PriceMode          string      `json:"priceMode"`
	Name               localized   `json:"name"`
	Description        localized   `json:"description,omitempty"`
	Categories         []reference `json:"categories"`
	CategoryOrderHints struct{}    `json:"categoryOrderHints"`
	Slug               localized   `json:"slug"`
	MetaTitle          localized   `json:"metaTitle,omitempty"`
	MasterVariant      variant     `json:"masterVariant"`
	Variants           []variant   `json:"variants"`
	SearchKeywords     struct{}    `json:"searchKeywords"`
	Attributes         []attribute `json:"attributes"`
	Published          bool        `json:"published"`
	HasStagedChanges   bool        `json:"hasStagedChanges"`
}

type variant struct {
	ID           int           `json:"id"`
	SKU          string        `json:"sku,omitempty"`
	Key          string        `json:"key,omitempty"`
	Prices       []price       `json:"prices"`
	Images       []image       `json:"images"`
	Attributes   []attribute   `json:"attributes"`
	Assets       []struct{}    `json:"assets"`
	Availability *availability `json:"availability,omitempty"`

	euroCents int64 // what it costs, whether it has prices or not
}

type image struct {
	URL        string         `json:"url"`
	Label      string         `json:"label"`
	Dimensions map[string]int `json:"dimensions"`
}

type attribute struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// What is odd about products, by their numbers. The steps share no divisor, so that the cases meet as well.
func unpublished(n int) bool   { return every(13, 6, n) }
func standalone(n int) bool    { return every(11, 3, n) }
func unpriced(n int) bool      { return every(17, 5, n) }
func uncategorized(n int) bool { return every(23, 8, n) }
func unpictured(n int) bool    { return every(19, 7, n) }
func undescribed(n int) bool   { return every(7, 2, n) }

// onlyMasterHasSKU: the other variants have none, and so neither stock nor standalone prices.
func onlyMasterHasSKU(n int) bool { return every(29, 10, n) }

// variantsOf is how many variants a product has: one to five.
func variantsOf(n int) int { return 1 + int(mix(uint64(n))%5) } //nolint:gosec // not negative

// skusOf is how many of them have a SKU; they come first.
func skusOf(n int) int {
	if onlyMasterHasSKU(n) {
		return 1
	}

	return variantsOf(n)
}

func (s *Shop) productLife(n int) life {
	l := s.draw(aProduct, n).life(year(2019), year(2022))
	l.hidden = unpublished(n)

	return l
}

// product generates one product. Beside what the functions above tell, one in five has no German texts and one in 31 none but
// German ones, and half of them have a key.
func (s *Shop) product(n int) product {
	g := s.draw(aProduct, n)
	lived := g.life(year(2019), year(2022))

	p := product{
		base:             newBase(s.id(aProduct, n), lived),
		ProductType:      reference{"product-type", "d1f0a3c4-5b6e-4f70-8a91-b2c3d4e5f601"},
		TaxCategory:      reference{"tax-category", "7c9e6679-7425-40de-944b-e07fc1f90ae7"},
		PriceMode:        "Embedded",
		Categories:       s.categoriesOf(g, n),
		Variants:         []variant{},
		Attributes:       []attribute{{"brand", pick(g, []string{"Nordlicht", "ACME", "Maison d'Été"})}},
		Published:        !unpublished(n),
		HasStagedChanges: g.IntN(8) == 0,
	}

	if standalone(n) {
		p.PriceMode = "Standalone"
	}

	if n%2 == 1 {
		p.Key = "product-" + padded(n)
	}

	p.describe(g, n)

	base := 900 + g.Int64N(20_000)

	for v := range variantsOf(n) {
		one := s.variant(g, n, v, base+int64(v)*g.Int64N(500))
		if v == 0 {
			p.MasterVariant = one
		} else {
			p.Variants = append(p.Variants, one)
		}
	}

	return p
}

func (p *product) describe(g generator, n int) {
	adjective, material, article := pick(g, adjectives()), pick(g, materials()), pick(g, articles())
	sentence := pick(g, sentences())
	number := strconv.Itoa(n)

	texts := [2]string{
		adjective[0] + " " + material[0] + " " + article[0] + " " + number,
		material[1] + article[1] + " " + adjective[1] + " " + number,
	}

	p.Name, p.Slug, p.Description = localized{}, localized{}, localized{}

	for i, locale := range []string{"en-US", "de-DE"} {
		if i == 1 && every(5, 1, n) || i == 0 && every(31, 12, n) && !every(5, 1, n) {
			continue
		}

		p.Name[locale], p.Slug[locale], p.Description[locale] = texts[i], slug(locale[:2]+" "+texts[i], n), sentence[i]
	}

	p.MetaTitle = p.Name

	if undescribed(n) {
		p.Description = nil
	}
}

// categoriesOf chooses one to three categories, some of which may be above others.
func (s *Shop) categoriesOf(g generator, n int) []reference {
	chosen := []reference{}

	if len(s.categories) == 0 || uncategorized(n) {
		return chosen
	}

	first, count := g.IntN(len(s.categories)), 1+g.IntN(3)
	for i := range min(count, len(s.categories)) {
		chosen = append(chosen, s.ref("category", aCategory, (first+i*7)%len(s.categories)))
	}

	if len(chosen) > 1 && chosen[0] == chosen[len(chosen)-1] {
		chosen = chosen[:1]
	}

	return chosen
}

func (s *Shop) variant(g generator, n, v int, euroCents int64) variant {
	colour := colours()[(n+v)%len(colours())]

	one := variant{
		ID:     v + 1,
		Key:    fmt.Sprintf("variant-%s-%d", padded(n), v+1),
		Prices: []price{},
		Images: []image{},
		Assets: []struct{}{},
		Attributes: []attribute{
			{"color", map[string]any{"key": colour[0], "label": localized{"en-US": colour[0], "de-DE": colour[1]}}},
			{"size", []string{"XS", "S", "M", "L", "XL"}[v]},
			{"weight", 100 + g.IntN(900)},
			{"sustainable", g.IntN(2) == 0},
		},
		euroCents: euroCents,
	}

	if v < skusOf(n) {
		one.SKU = sku(n, v)
		one.Availability = s.availability(n, v)
	}

	if !standalone(n) && !unpriced(n) {
		one.Prices = s.embeddedPrices(g, n, v, euroCents)
	}

	for i := range g.IntN(3) + 1 {
		if unpictured(n) || every(3, 2, n) && v == 1 {
			break
		}

		one.Images = append(one.Images, image{
			URL:        fmt.Sprintf("https://images.example.com/products/%s-%d-%d.jpg", padded(n), v+1, i+1),
			Label:      "view",
			Dimensions: map[string]int{"w": 1400, "h": 1400},
		})
	}

	return one
}
