package mapping

import (
	"encoding/json"
	"maps"
	"slices"
)

// Filter chooses and renames fields, as the config file's include, exclude and map do. The zero Filter keeps everything.
type Filter struct {
	// Include names the only fields to keep; empty keeps all.
	Include []string `json:"include"`
	// Exclude names fields to leave out, also ones that Include names.
	Exclude []string `json:"exclude"`
	// Map gives a field another name in Klaviyo. Include and Exclude speak of the names in commercetools.
	Map map[string]string `json:"map"`
}

// Apply returns the fields that pass, under their names in Klaviyo; nil when none does. Where two fields end up with one
// name, a renamed field wins over one that has the name by itself, and among renamed ones the last by its own name:
// some rule is needed, or the result would change from message to message.
func (f Filter) Apply(fields map[string]json.RawMessage) map[string]json.RawMessage {
	var own, renamed map[string]json.RawMessage

	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch to := f.Map[name]; {
		case !f.keeps(name):
		case to != "":
			renamed = put(renamed, to, fields[name])
		default:
			own = put(own, name, fields[name])
		}
	}

	for name, value := range renamed {
		own = put(own, name, value)
	}

	return own
}

func (f Filter) keeps(name string) bool {
	if len(f.Include) > 0 && !slices.Contains(f.Include, name) {
		return false
	}

	return !slices.Contains(f.Exclude, name)
}

// put sets a key of a map that may still be nil.
func put[V any](m map[string]V, key string, value V) map[string]V {
	if m == nil {
		m = map[string]V{}
	}

	m[key] = value

	return m
}
