package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/ctklaviyo/connector/shared/settings"
)

// A variable whose name is misspelt is one that nobody reads, and its setting is silently missing.

// variables are the names of all settings: those of this command, and those that only a deployed function reads.
func variables() map[string]bool {
	names := map[string]bool{}

	for _, group := range []any{environment{}, doctorEnvironment{}, applyEnvironment{}, settings.Parked{}, settings.Sync{}} {
		addVariables(names, reflect.TypeOf(group))
	}

	return names
}

func addVariables(names map[string]bool, group reflect.Type) {
	for i := range group.NumField() {
		field := group.Field(i)

		if tag, ok := field.Tag.Lookup("env"); ok {
			name, _, _ := strings.Cut(tag, ",")
			names[name] = true
		} else if field.Type.Kind() == reflect.Struct {
			addVariables(names, field.Type)
		}
	}
}

// ofLibraries are the variables that Google's libraries and Go's HTTP client read.
var ofLibraries = regexp.MustCompile(`^(GOOGLE|PUBSUB)_|(?i:_proxy)$`)

// misspelt returns those of the names that nothing reads.
func misspelt(names []string) []string {
	known := variables()

	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return known[name] || ofLibraries.MatchString(name) })
}

// credentials are the variables of a real shop that are set, be it to nothing or misspelt, in the order of their names. One
// is enough: a part of them is an error, and not the demo shop.
func credentials() []string {
	var names []string

	for _, variable := range os.Environ() { //nolint:forbidigo // settings.Load reads only what it knows
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "CT_") || strings.HasPrefix(name, "KLAVIYO_") {
			names = append(names, name)
		}
	}

	slices.Sort(names)

	return names
}
