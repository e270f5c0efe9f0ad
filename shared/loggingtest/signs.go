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
	// secret is what lets one in: as it is sent, and as the tests have it. A token of the fakes is one of crypto/rand.Text.
	secret = regexp.MustCompile(`(?:Bearer|Basic|Klaviyo-API-Key) \S+|pk_\w+|QZQZ|\b[A-Z2-7]{26}\b|(?:hush-hush|the-wrong-secret|` +
		commercetoolstest.ClientSecret + `)\b`)

	// address is one of email, also in a URL, and phone a number as Klaviyo and as people write it.
	address = regexp.MustCompile(`[^\s"]@[A-Za-z]|%40`)
	phone   = regexp.MustCompile(`\+\d[\d ()/.-]{6,}|\b0\d{2,4}[ /]\d{5,}`)

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

	for _, sign := range []*regexp.Regexp{secret, address, phone} {
		if found := sign.FindString(text); found != "" {
			return found
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
