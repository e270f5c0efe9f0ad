package mapping

import (
	"slices"
	"strings"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// separator stands between the names of a breadcrumb.
const separator = " > "

// blank texts count as absent.
func blank(s string) bool { return strings.TrimSpace(s) == "" }

// text is s, or "" when it is blank.
func text(s string) string {
	if blank(s) {
		return ""
	}

	return s
}

func orAbsent(s string) klaviyo.Field[string] {
	if blank(s) {
		return klaviyo.Field[string]{}
	}

	return klaviyo.Set(s)
}

func orNull(s string) klaviyo.Field[string] {
	if blank(s) {
		return klaviyo.Null[string]()
	}

	return klaviyo.Set(s)
}

// joined joins the parts that are not blank by ", ".
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, blank), ", ")
}

// compact takes blank texts out.
func compact(texts []string) []string { return slices.DeleteFunc(texts, blank) }

// unique keeps the first of equal texts. It is never nil: an empty list is a value.
func unique(texts []string) []string {
	seen := make(map[string]bool, len(texts))
	all := make([]string, 0, len(texts))

	for _, t := range texts {
		if !seen[t] {
			seen[t] = true
			all = append(all, t)
		}
	}

	return all
}
