package main

import (
	"encoding/json"
	"iter"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

// The parts of commercetools' resources that expectations are worked out from, and their smallest rules.

type rawReference struct {
	ID string `json:"id"`
}

type rawMoney struct {
	Type           string `json:"type"`
	CurrencyCode   string `json:"currencyCode"`
	CentAmount     int64  `json:"centAmount"`
	PreciseAmount  int64  `json:"preciseAmount"`
	FractionDigits int64  `json:"fractionDigits"`
}

// String is the amount as number writes it.
func (m rawMoney) String() string {
	amount := m.CentAmount
	if m.Type == "highPrecision" {
		amount = m.PreciseAmount
	}

	digits := new(big.Int).Exp(big.NewInt(10), big.NewInt(m.FractionDigits), nil)

	return new(big.Rat).SetFrac(big.NewInt(amount), digits).FloatString(4)
}

// float is the amount as it comes out of JSON.
func (m rawMoney) float() float64 {
	amount, _ := strconv.ParseFloat(m.String(), 64) // it writes numbers

	return amount
}

type rawImage struct {
	URL string `json:"url"`
}

type rawAddress struct {
	ID                    string `json:"id"`
	StreetName            string `json:"streetName"`
	StreetNumber          string `json:"streetNumber"`
	AdditionalStreetInfo  string `json:"additionalStreetInfo"`
	AdditionalAddressInfo string `json:"additionalAddressInfo"`
	PostalCode            string `json:"postalCode"`
	City                  string `json:"city"`
	Region                string `json:"region"`
	Country               string `json:"country"`
	Building              string `json:"building"`
	Apartment             string `json:"apartment"`
	Phone                 string `json:"phone"`
	Mobile                string `json:"mobile"`
}

type rawCategory struct {
	ID     string            `json:"id"`
	Name   map[string]string `json:"name"`
	Parent *rawReference     `json:"parent"`
}

// raws are the resources of an endpoint, each with all of its JSON.
func raws[T any](t *testing.T, shop *commercetoolstest.Shop, endpoint string) iter.Seq2[json.RawMessage, T] {
	t.Helper()

	return func(yield func(json.RawMessage, T) bool) {
		for raw := range shop.All(endpoint) {
			var one T
			if err := json.Unmarshal(raw, &one); err != nil {
				t.Fatal(err)
			}

			if !yield(raw, one) {
				return
			}
		}
	}
}

// english is the text that the demo shop's PREFERRED_LOCALE chooses.
func english(texts map[string]string) string {
	if text := texts["en-US"]; text != "" {
		return text
	}

	if all := slices.Sorted(maps.Keys(texts)); len(all) > 0 {
		return texts[all[0]]
	}

	return ""
}

// page is where PRODUCT_URL_TEMPLATE puts a product; "" without a slug.
func page(slug map[string]string) string {
	if len(slug) == 0 {
		return ""
	}

	return "https://shop.example.com/p/" + english(slug)
}

// pathOf is the way to a category, from the root.
func pathOf(categories map[string]rawCategory, id string) []rawCategory {
	c := categories[id]
	if c.Parent == nil {
		return []rawCategory{c}
	}

	return append(pathOf(categories, c.Parent.ID), c)
}

func namesOf(path []rawCategory) string {
	var names []string
	for _, c := range path {
		names = append(names, english(c.Name))
	}

	return strings.Join(names, " > ")
}

// given are the texts that are not empty, separated by commas; nil when none is.
func given(texts ...string) any {
	texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" })
	if len(texts) == 0 {
		return nil
	}

	return strings.Join(texts, ", ")
}

// sharedPhone is what "12345" is in Austria, which has numbers as short: several customers say so, and one of them gets it, since no
// two profiles have one number. It is left out of the comparison.
const sharedPhone = "+4312345"

// e164 is a telephone number of one of the demo shop's countries, as Klaviyo wants it; "" for one that is none.
func e164(text, country string) string {
	if slices.Contains([]string{"n/a", "12345", "+49 (0) 12", "ask at the office", "000000000000", "+999 123 456 789", " ", ""}, text) {
		return ""
	}

	text = strings.NewReplacer("(0)", "", " ", "", "-", "", "(", "", ")", "").Replace(text)
	code := map[string]string{
		"DE": "+49", "AT": "+43", "CH": "+41", "US": "+1", "GB": "+44", "FR": "+33", "PL": "+48", "JP": "+81", "CN": "+86", "BR": "+55",
	}[country]

	switch {
	case strings.HasPrefix(text, "+"):
		return text
	case strings.HasPrefix(text, "00"):
		return "+" + text[2:]
	default:
		return code + strings.TrimPrefix(text, "0")
	}
}
