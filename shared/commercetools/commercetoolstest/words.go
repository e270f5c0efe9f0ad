package commercetoolstest

import (
	"strconv"
	"strings"
)

// The words that products' names are made of, English and German.

func adjectives() [][2]string {
	return [][2]string{
		{"Blue", "Blau"}, {"White", "Weiß"}, {"Warm", "Warm"}, {"Slim-Fit", "Schmal"}, {"Light", "Leicht"}, {"Vintage", "Antik"}, {"Grün & Co.", "Grün & Co."},
	}
}

func materials() [][2]string {
	return [][2]string{{"Linen", "Leinen"}, {"Cotton", "Baumwoll"}, {"Leather", "Leder"}, {"Denim", "Jeans"}, {"Wool", "Woll"}, {"Steel", "Stahl"}}
}

func articles() [][2]string {
	return [][2]string{
		{"Coat", "mantel"}, {"Shirt", "hemd"}, {"Skirt", "rock"}, {"Bag", "tasche"}, {"Glove", "handschuh"}, {"Sock", "socke"}, {"Hat", "hut"}, {"Lamp", "lampe"},
	}
}

func sentences() [][2]string {
	return [][2]string{
		{"Made in Europe from carefully selected materials.", "Entworfen in Berlin, genäht in Portugal."},
		{`Combine it with our "Basics" collection.`, "Nur solange der Vorrat reicht!"},
		{"<p>With <strong>HTML</strong> markup, as editors do.</p>", "Größe: 30 x 20 x 10 cm, Gewicht: 350 g."},
		{"Two pockets, one hidden zip.", "Wasserabweisend – für Regentage."},
		{"Regular fit, true to size.", "Normale Passform, fällt größengerecht aus."},
	}
}

func colours() [][2]string {
	return [][2]string{{"black", "schwarz"}, {"blue", "blau"}, {"green", "grün"}, {"red", "rot"}, {"white", "weiß"}}
}

// slug makes a part of a URL of a name and a number: "Home & Garden" and 3 are "home-garden-3".
func slug(name string, n int) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r < 'a' || r > 'z' })

	return strings.Join(append(words, strconv.Itoa(n)), "-")
}
