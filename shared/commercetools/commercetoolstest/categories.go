package commercetoolstest

import (
	"fmt"
	"strconv"
	"time"
)

// category has commercetools' order of properties.
type category struct {
	base
	Key         string      `json:"key,omitempty"`
	Name        localized   `json:"name"`
	Slug        localized   `json:"slug"`
	Description localized   `json:"description,omitempty"`
	Ancestors   []reference `json:"ancestors"`
	Parent      *reference  `json:"parent,omitempty"`
	OrderHint   string      `json:"orderHint"`
	ExternalID  string      `json:"externalId,omitempty"`
	Assets      []struct{}  `json:"assets"`
}

// roots is how many categories have no parent. Their tree has four levels at the most.
const roots = 4

// newCategories makes the tree: number n's parent is (n-roots)/branches, with as many branches as four levels need. Of 40
// categories 4 are roots, 8 on the second, 16 on the third level, and 12 on the last.
func (s *Shop) newCategories() []category {
	branches := 2
	for roots*(1+branches+branches*branches+branches*branches*branches) < s.size.Categories {
		branches++
	}

	all := make([]category, s.size.Categories)

	for n := range all {
		c := category{
			base:       newBase(s.id(aCategory, n), s.categoryLife(n)),
			Name:       localized{},
			Slug:       localized{},
			Ancestors:  []reference{},
			OrderHint:  fmt.Sprintf("0.%06d", n+1),
			ExternalID: "ext-cat-" + strconv.Itoa(n),
			Assets:     []struct{}{},
		}

		if n >= roots {
			parent := (n - roots) / branches
			above := all[parent]
			c.Parent = new(s.ref("category", aCategory, parent))
			c.Ancestors = append(append(c.Ancestors, above.Ancestors...), *c.Parent)
		}

		if n%2 == 0 {
			c.Key = "category-" + padded(n)
		}

		c.name(n, len(c.Ancestors))
		all[n] = c
	}

	return all
}

// name chooses the texts. One in seven categories has no German name, one in eleven none but a German one, and one in five
// a description. Names repeat under other parents; slugs do not.
func (c *category) name(n, level int) {
	words := categoryWords(level)
	word := words[n%len(words)]

	c.Name, c.Slug = localized{"en-US": word[0], "de-DE": word[1]}, localized{"en-US": slug(word[0], n), "de-DE": slug(word[1], n)}

	switch {
	case every(7, 6, n):
		delete(c.Name, "de-DE")
		delete(c.Slug, "de-DE")
	case every(11, 9, n):
		delete(c.Name, "en-US")
		delete(c.Slug, "en-US")
	case every(3, 1, n):
		c.Name["en-GB"] = word[0]
	}

	if every(5, 3, n) {
		c.Description = localized{"en-US": "<p>Everything in <strong>" + word[0] + "</strong>, as editors write it.</p>"}
	}
}

func (s *Shop) categoryLife(n int) life {
	created := year(2019).Add(time.Duration(n) * time.Minute)

	return life{created: created, modified: created.AddDate(0, 0, n%90), version: 1 + n%9}
}

// categoryWords are the names on a level, English and German. One has the sign that separates levels in Klaviyo.
func categoryWords(level int) [][2]string {
	switch level {
	case 0:
		return [][2]string{{"Women", "Damen"}, {"Men", "Herren"}, {"Kids", "Kinder"}, {"Home & Garden", "Haus & Garten"}}
	case 1:
		return [][2]string{{"Clothing", "Bekleidung"}, {"Shoes", "Schuhe"}, {"Accessories", "Zubehör"}, {"New > Now", "Neu"}, {"Sale", "Schlussverkauf"}}
	case 2:
		return [][2]string{
			{"Jackets", "Jacken"},
			{"Pants", "Hosen"},
			{"Dresses", "Kleider"},
			{"Sneakers", "Turnschuhe"},
			{"Boots", "Stiefel"},
			{"Bags", "Taschen"},
			{`"Basics"`, "Grundausstattung"},
			{"Textiles", "Textilien"},
			{"Lighting", "Leuchten"},
		}
	default:
		return [][2]string{
			{"Winter", "Winter"},
			{"Outdoor", "Draußen"},
			{"Slim-Fit", "Schmal"},
			{"Leather", "Leder"},
			{"Organic", "Bio"},
			{"Evening", "Abend"},
			{"Sport", "Sport"},
		}
	}
}
