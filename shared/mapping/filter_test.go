package mapping_test

import (
	stdcmp "cmp"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ctklaviyo/connector/shared/mapping"
)

func TestFilter(t *testing.T) {
	t.Parallel()

	fields := map[string]json.RawMessage{"a": json.RawMessage(`1`), "b": json.RawMessage(`2`), "c": json.RawMessage(`3`)}

	tests := map[string]struct {
		filter mapping.Filter
		want   map[string]string
	}{
		"zero keeps all":                {mapping.Filter{}, map[string]string{"a": "1", "b": "2", "c": "3"}},
		"include":                       {mapping.Filter{Include: []string{"a", "x"}}, map[string]string{"a": "1"}},
		"include nothing that is there": {mapping.Filter{Include: []string{"x"}}, nil},
		"exclude":                       {mapping.Filter{Exclude: []string{"a"}}, map[string]string{"b": "2", "c": "3"}},
		"exclude after include":         {mapping.Filter{Include: []string{"a", "b"}, Exclude: []string{"a"}}, map[string]string{"b": "2"}},
		"map renames":                   {mapping.Filter{Map: map[string]string{"a": "A", "x": "X"}}, map[string]string{"A": "1", "b": "2", "c": "3"}},
		"map swaps":                     {mapping.Filter{Map: map[string]string{"a": "b", "b": "a"}}, map[string]string{"b": "1", "a": "2", "c": "3"}},
		"map does not include":          {mapping.Filter{Include: []string{"b"}, Map: map[string]string{"a": "A"}}, map[string]string{"b": "2"}},
		"include speaks of own names":   {mapping.Filter{Include: []string{"a"}, Map: map[string]string{"a": "A"}}, map[string]string{"A": "1"}},
		"exclude speaks of own names":   {mapping.Filter{Exclude: []string{"A"}, Map: map[string]string{"a": "A"}}, map[string]string{"A": "1", "b": "2", "c": "3"}},
		"renamed wins":                  {mapping.Filter{Map: map[string]string{"a": "c"}}, map[string]string{"b": "2", "c": "1"}},
		"last renamed wins":             {mapping.Filter{Map: map[string]string{"a": "x", "b": "x"}}, map[string]string{"c": "3", "x": "2"}},
		"an empty name renames nothing": {mapping.Filter{Include: []string{"a"}, Map: map[string]string{"a": ""}}, map[string]string{"a": "1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var got map[string]string
			for k, v := range tt.filter.Apply(fields) {
				if got == nil {
					got = map[string]string{}
				}

				got[k] = string(v)
			}

			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever the filter, every value comes from a field that may pass, under the name that is its due, and the input stays
// as it was.
func TestFilterKeepsNothingElse(t *testing.T) {
	t.Parallel()

	names := []string{"a", "b", "c", "d", "e"}
	name := rapid.SampledFrom(names)

	rapid.Check(t, func(t *rapid.T) {
		filter := mapping.Filter{
			Include: rapid.SliceOf(name).Draw(t, "include"),
			Exclude: rapid.SliceOf(name).Draw(t, "exclude"),
			Map:     rapid.MapOf(name, name).Draw(t, "map"),
		}

		fields := map[string]json.RawMessage{}
		for _, n := range rapid.SliceOfDistinct(name, rapid.ID).Draw(t, "fields") {
			fields[n] = json.RawMessage(`"` + n + `"`)
		}

		before := maps.Clone(fields)
		got, want := filter.Apply(fields), candidates(filter, fields)

		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
			t.Fatalf("names (-want +got):\n%s", diff)
		}

		for to, value := range got {
			if !slices.Contains(want[to], string(value)) {
				t.Fatalf("%s holds %s, want one of %v", to, value, want[to])
			}
		}

		if diff := cmp.Diff(before, fields); diff != "" {
			t.Fatalf("the input changed:\n%s", diff)
		}
	})
}

// candidates gives, for each name in Klaviyo, the values that may stand there.
func candidates(f mapping.Filter, fields map[string]json.RawMessage) map[string][]string {
	out := map[string][]string{}

	for name, value := range fields {
		included := len(f.Include) == 0 || slices.Contains(f.Include, name)
		if !included || slices.Contains(f.Exclude, name) {
			continue
		}

		to := stdcmp.Or(f.Map[name], name)
		out[to] = append(out[to], string(value))
	}

	return out
}
