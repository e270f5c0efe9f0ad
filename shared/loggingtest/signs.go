package loggingtest

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

var (
	// signs are patterns, each with a literal part that is looked for first, for speed.
	//
	//nolint:gochecknoglobals // a list, read only
	signs = []struct {
		literal string
		pattern *regexp.Regexp
	}{
		// What lets one in: as it is sent, and as the tests have it.
		{"Bearer ", regexp.MustCompile(`Bearer \S+`)},
		{"Basic ", regexp.MustCompile(`Basic \S+`)},
		{"Klaviyo-API-Key ", regexp.MustCompile(`Klaviyo-API-Key \S+`)},
		{"pk_", regexp.MustCompile(`pk_\w+`)},
		{"QZQZ", regexp.MustCompile(`QZQZ`)},
		{"-secret", regexp.MustCompile(`the-wrong-secret\b|` + commercetoolstest.ClientSecret + `\b`)},
		{"hush-hush", regexp.MustCompile(`hush-hush`)},
		// An address of email, also in a URL, and a phone number as Klaviyo and as people write it.
		{"@", regexp.MustCompile(`[^\s"]@[A-Za-z]`)},
		{"%40", regexp.MustCompile(`%40`)},
		{"+", regexp.MustCompile(`\+\d[\d ()/.-]{6,}`)},
		{" ", regexp.MustCompile(`\b0\d{2,4} \d{5,}`)},
	}

	// token is one of the fakes: crypto/rand.Text.
	token = regexp.MustCompile(`^[A-Z2-7]{26}$`)

	// harmless are addresses of machines, and versions of modules in a stack.
	harmless = regexp.MustCompile(`[\w-]+@[\w-]+\.iam\.gserviceaccount\.com|@v\d[\w.+-]*`)

	// people are the names and streets that tests and samples have, beside those of generated shops.
	//
	//nolint:gochecknoglobals // a list, read only
	people = slices.Concat(commercetoolstest.Personal(), strings.Split("Ann,Annegret,Arbor,Albers,Søn,Lüdenscheidt,Xenia,Jonas,Noah,"+
		"Samuel,van der Berg,Taylor,Johnson,Meyer,Koch,Jones,Acme,Unter den Linden,Rue de la Paix,Am Alten Markt,Kungsgatan,Via Roma,"+
		"Lindenallee", ","))
)

// Find returns a sign of a person or of a secret in a text; "" when there is none.
func Find(text string) string {
	if strings.Contains(text, "@") {
		text = harmless.ReplaceAllString(text, "")
	}

	for _, sign := range signs {
		if strings.Contains(text, sign.literal) {
			if found := sign.pattern.FindString(text); found != "" {
				return found
			}
		}
	}

	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(word) == 26 && token.MatchString(word) {
			return word
		}
	}

	for _, name := range people {
		if hasWord(text, name) {
			return name
		}
	}

	return ""
}

// hasWord tells whether a text holds a word, and not only as a part of another: "Ann" is not in "Annual".
func hasWord(text, word string) bool {
	for {
		before, after, found := strings.Cut(text, word)
		if !found {
			return false
		}

		last, _ := utf8.DecodeLastRuneInString(before)
		if first, _ := utf8.DecodeRuneInString(after); !unicode.IsLetter(last) && !unicode.IsLetter(first) {
			return true
		}

		text = after
	}
}
