package klaviyo_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever is in an identifier, the filter asks for it and nothing else.
func FuzzFilter(f *testing.F) {
	for _, value := range []string{
		"", "ann+shop@example.com", `o'neil@example.com`, `"odd name"@example.com`, `x"),equals(email,"y`, `back\slash"@example.com`,
		"ünï@example.com", `\`, `\"`, `"]`, "&page[size]=2#?%22", "a\nb",
	} {
		f.Add(value)
	}

	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) {
			t.Skip("what comes out of JSON is UTF-8")
		}

		var filters []string

		c := client(inMemory(func(w http.ResponseWriter, r *http.Request) {
			query := r.URL.Query()
			if len(query) != 3 || len(query["filter"]) != 1 {
				t.Errorf("query %v", query)
			}

			filters = append(filters, query.Get("filter"))
			answer(w, http.StatusOK, `{"data":[]}`)
		}))

		_, _, byEmail := c.FindProfileByEmail(t.Context(), value)
		_, _, byID := c.FindProfileByExternalID(t.Context(), value)

		if byEmail != nil || byID != nil || len(filters) != 2 {
			t.Fatalf("errors %v, %v; %d requests", byEmail, byID, len(filters))
		}

		expectFilter(t, filters[0], "email", value)
		expectFilter(t, filters[1], "external_id", value)
	})
}

func expectFilter(t *testing.T, filter, field, value string) {
	t.Helper()

	literal, _ := strings.CutPrefix(filter, "equals("+field+",")
	if got, rest := unquoted(literal); got != value || rest != ")" {
		t.Errorf("filter %s means %q, and then comes %s", filter, got, rest)
	}
}

// unquoted reads a literal of a filter, and returns what comes behind it.
func unquoted(text string) (value, rest string) {
	text, ok := strings.CutPrefix(text, `"`)
	if !ok {
		return "", text
	}

	var b strings.Builder

	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:]
		case '\\':
			i++
		}

		if i < len(text) {
			b.WriteByte(text[i])
		}
	}

	return b.String(), ""
}
